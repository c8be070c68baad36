using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

/// <summary>Files that are whole after a power cut.</summary>
public sealed class DurableFileTests
{
    [Fact]
    public void Replace_OfANameWithoutAFolder_WritesBesideTheCaller()
    {
        // As "stream-manager export show.json" gives it.
        var name = $"durable-{Guid.NewGuid():N}.json";
        try
        {
            DurableFile.Replace(name, "one"u8);
            DurableFile.Replace(name, "two"u8);
            Assert.Equal("two", File.ReadAllText(Path.Combine(Environment.CurrentDirectory, name)));
        }
        finally
        {
            File.Delete(name);
        }
    }
}
