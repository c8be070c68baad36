using System.Text;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>A value of RESP2 and its bytes.</summary>
internal sealed record RespVector(string Name, RespValue Value, string Wire)
{
    public byte[] Bytes => Encoding.UTF8.GetBytes(Wire);
}

/// <summary>The table that reading, writing, every prefix and fuzzing share.</summary>
internal static class RespVectors
{
    public static IReadOnlyList<RespVector> List { get; } =
    [
        new("status", new RespValue.Status("OK"), "+OK\r\n"),
        new("empty status", new RespValue.Status(""), "+\r\n"),
        new("error", new RespValue.Error("ERR unknown command"), "-ERR unknown command\r\n"),
        new("error with a code alone", new RespValue.Error("LOADING"), "-LOADING\r\n"),
        new("zero", new RespValue.Integer(0), ":0\r\n"),
        new("negative", new RespValue.Integer(-42), ":-42\r\n"),
        new("greatest", new RespValue.Integer(long.MaxValue), ":9223372036854775807\r\n"),
        new("least", new RespValue.Integer(long.MinValue), ":-9223372036854775808\r\n"),
        new("bulk", new RespValue.Bulk("hello"), "$5\r\nhello\r\n"),
        new("empty bulk", new RespValue.Bulk(""), "$0\r\n\r\n"),
        new("bulk with line ends", new RespValue.Bulk("a\r\nb\n"), "$5\r\na\r\nb\n\r\n"),
        new("bulk of two-byte letters", new RespValue.Bulk("ключ"), "$8\r\nключ\r\n"),
        new("nothing", RespValue.Nothing.Value, "$-1\r\n"),
        new("empty array", new RespValue.Array([]), "*0\r\n"),
        new("array", new RespValue.Array([new RespValue.Bulk("message"), new RespValue.Bulk("c"), new RespValue.Integer(7)]), "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:7\r\n"),
        new(
            "array with holes",
            new RespValue.Array([new RespValue.Bulk("a"), RespValue.Nothing.Value, new RespValue.Bulk("b")]),
            "*3\r\n$1\r\na\r\n$-1\r\n$1\r\nb\r\n"),
        new(
            "answer of SCAN",
            new RespValue.Array([new RespValue.Bulk("17"), new RespValue.Array([new RespValue.Bulk("k1"), new RespValue.Bulk("k2")])]),
            "*2\r\n$2\r\n17\r\n*2\r\n$2\r\nk1\r\n$2\r\nk2\r\n"),
        new(
            "entry of a stream",
            new RespValue.Array([new RespValue.Array([new RespValue.Bulk("1-0"), new RespValue.Array([new RespValue.Bulk("e"), new RespValue.Bulk("{}")])])]),
            "*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\ne\r\n$2\r\n{}\r\n"),
        new(
            "errors inside an array",
            new RespValue.Array([new RespValue.Error("WRONGTYPE no"), new RespValue.Status("OK")]),
            "*2\r\n-WRONGTYPE no\r\n+OK\r\n"),
    ];

    public static RespVector Get(string name) => List.Single(vector => vector.Name == name);
}
