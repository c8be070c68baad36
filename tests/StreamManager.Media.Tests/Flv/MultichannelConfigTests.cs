using StreamManager.Media.Flv;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Flv;

public class MultichannelConfigTests
{
    public static TheoryData<MultichannelConfig, string> Vectors => new()
    {
        { new MultichannelConfig.Unspecified(2), "00 02" },
        { new MultichannelConfig.Native(6, 0x3F), "01 06 0000003F" },
        { new MultichannelConfig.Custom([0, 1, 0xFE]), "02 03 0001FE" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Config_ReadAndWritten_IsTheSame(MultichannelConfig config, string hex)
    {
        Assert.Equal(config, MultichannelConfig.Read(Hex.Bytes(hex)));
        Assert.Equal(Hex.Text(Hex.Bytes(hex)), Hex.Text(config.ToArray()));
        Prefixes.AllBroken(Hex.Bytes(hex), bytes => MultichannelConfig.Read(bytes));
    }

    [Fact]
    public void Config_OfUnknownOrder_IsNull() => Assert.Null(MultichannelConfig.Read([3, 2]));
}
