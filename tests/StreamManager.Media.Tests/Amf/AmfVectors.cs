using StreamManager.Media.Amf;

namespace StreamManager.Media.Tests.Amf;

/// <summary>AMF0 values and their only form. Used for reading, writing and every prefix.</summary>
internal static class AmfVectors
{
    public static readonly (string Name, AmfValue Value, string Hex)[] All =
    [
        ("number 0", 0.0, "00 0000000000000000"),
        ("number 31", 31.0, "00 403F000000000000"),
        ("number -2000", -2000.0, "00 C09F400000000000"),
        ("true", true, "01 01"),
        ("false", false, "01 00"),
        ("empty string", "", "02 0000"),
        ("connect", "connect", "02 0007 636F6E6E656374"),
        ("two-byte text", "é", "02 0002 C3A9"),
        ("empty object", new AmfValue.Object([]), "03 000009"),
        ("object", new AmfValue.Object([new("app", "live")]), "03 0003 617070 02 0004 6C697665 000009"),
        ("empty name", new AmfValue.Object([new("", true)]), "03 0000 0101 000009"),
        ("null", AmfValue.NullValue, "05"),
        ("undefined", AmfValue.UndefinedValue, "06"),
        ("reference", new AmfValue.Reference(258), "07 0102"),
        ("ecma array", new AmfValue.EcmaArray([new("w", 1.0), new("s", false)]), "08 00000002 0001 77 00 3FF0000000000000 0001 73 0100 000009"),
        ("strict array", new AmfValue.StrictArray([1.0, AmfValue.NullValue]), "0A 00000002 00 3FF0000000000000 05"),
        ("empty strict array", new AmfValue.StrictArray([]), "0A 00000000"),
        ("date", new AmfValue.Date(1.0, -60), "0B 3FF0000000000000 FFC4"),
        ("unsupported", AmfValue.UnsupportedValue, "0D"),
        ("xml", new AmfValue.Xml("<a/>"), "0F 00000004 3C612F3E"),
        ("typed object", new AmfValue.TypedObject("T", [new("x", true)]), "10 0001 54 0001 78 0101 000009"),
        ("byte array", new AmfValue.ByteArray(new byte[] { 0xAF, 0x00, 0x12, 0x10 }), "11 0C 09 AF001210"),
        ("nested", new AmfValue.Object([new("o", new AmfValue.Object([new("a", new AmfValue.StrictArray(["b"]))]))]), "03 0001 6F 03 0001 61 0A 00000001 02 0001 62 000009 000009"),
    ];

    public static TheoryData<string> Names => [.. All.Select(v => v.Name)];

    public static (AmfValue Value, byte[] Bytes) Get(string name)
    {
        var vector = All.Single(v => v.Name == name);
        return (vector.Value, Convert.FromHexString(vector.Hex.Replace(" ", "", StringComparison.Ordinal)));
    }
}
