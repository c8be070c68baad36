using StreamManager.Media.Amf;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class AmfTarget
{
    public static string Run(byte[] input)
    {
        var values = Amf0Reader.ReadAll(input);
        var again = Amf0Reader.ReadAll(Amf0Writer.ToArray(values.AsSpan()));
        Law.Holds(values.Equals(again), "What was read is written and read again equal.");
        return string.Join(' ', values.Take(4).Select(v => v.GetType().Name)) + (values.Count > 4 ? " more" : "");
    }
}
