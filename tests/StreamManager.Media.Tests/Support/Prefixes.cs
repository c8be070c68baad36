namespace StreamManager.Media.Tests.Support;

internal static class Prefixes
{
    /// <summary>Each shorter prefix of a valid item is refused as broken, by nothing but a format exception.</summary>
    public static void AllBroken(byte[] item, Action<byte[]> read, int from = 0)
    {
        for (var length = from; length < item.Length; length++)
            Assert.Throws<MediaFormatException>(() => read(item[..length]));
    }

    /// <summary>Each shorter prefix is either accepted or refused as broken: nothing else ever comes out.</summary>
    public static void NoneCrash(byte[] item, Action<byte[]> read)
    {
        for (var length = 0; length <= item.Length; length++)
            OnlyFormatException(item[..length], read);
    }

    public static void OnlyFormatException(byte[] bytes, Action<byte[]> read)
    {
        try
        {
            read(bytes);
        }
        catch (MediaFormatException)
        {
        }
    }
}
