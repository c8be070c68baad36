using System.Globalization;
using System.Text;

namespace StreamManager.Server.Storage.Redis;

/// <summary>A command with its arguments. Shown by its name only: arguments hold keys, documents and passwords.</summary>
internal sealed class RedisCommand
{
    private readonly RedisArgument[] _arguments;

    public RedisCommand(string name, params ReadOnlySpan<RedisArgument> arguments)
    {
        Name = name;
        _arguments = arguments.ToArray();
    }

    /// <summary>In capitals, one word.</summary>
    public string Name { get; }

    /// <summary>What follows the name.</summary>
    public ReadOnlySpan<RedisArgument> Arguments => _arguments;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>An argument of a command: any bytes. The memory must not change until the command is answered.</summary>
internal readonly record struct RedisArgument(ReadOnlyMemory<byte> Bytes)
{
    public static implicit operator RedisArgument(string text) => new(Encoding.UTF8.GetBytes(text));

    public static implicit operator RedisArgument(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static implicit operator RedisArgument(ReadOnlyMemory<byte> bytes) => new(bytes);

    public static implicit operator RedisArgument(byte[] bytes) => new(bytes);
}
