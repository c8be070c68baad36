using System.Text;
using StreamManager.Server.Security.Vaults;

namespace StreamManager.Server.Tests.Security.Vaults;

public sealed class ScryptTests
{
    // RFC 7914, section 12. (The fourth vector takes 1 GB and is left out.)
    public static TheoryData<string, string, int, int, int, string> Vectors => new()
    {
        { "", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906" },
        { "password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640" },
        { "pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void DeriveKey_VectorsOfTheRfc_Match(string passphrase, string salt, int cost, int blockSize, int parallelization, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Scrypt.DeriveKey(passphrase, Encoding.ASCII.GetBytes(salt), cost, blockSize, parallelization, 64)));

    [Theory]
    [InlineData(0, 8, 1)]
    [InlineData(1, 8, 1)]
    [InlineData(24, 8, 1)]
    [InlineData(16, 0, 1)]
    [InlineData(16, 8, 0)]
    public void DeriveKey_WrongParameters_Throws(int cost, int blockSize, int parallelization) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Scrypt.DeriveKey("p", [], cost, blockSize, parallelization, 32));
}
