using FsCheck;
using FsCheck.Fluent;
using StreamManager.Media.Amf;

namespace StreamManager.Media.Tests.Amf;

public sealed class AmfRoundTripTests
{
    private static readonly Gen<string> Text = Gen.Elements("", "a", "app", "key?token=abc", "é", "日本語", "𝄞", new string('x', 70_000));

    private static readonly Gen<string> Name = Gen.Elements("", "a", "app", "tcUrl", "日本語", new string('n', 300));

    private static readonly Gen<AmfValue> Simple = Gen.OneOf(
        ArbMap.Default.GeneratorFor<double>().Select(n => (AmfValue)n),
        ArbMap.Default.GeneratorFor<bool>().Select(b => (AmfValue)b),
        Text.Select(t => (AmfValue)t),
        Text.Select(t => (AmfValue)new AmfValue.Xml(t)),
        ArbMap.Default.GeneratorFor<byte[]>().Select(b => (AmfValue)new AmfValue.ByteArray(b)),
        from ms in ArbMap.Default.GeneratorFor<double>() from zone in ArbMap.Default.GeneratorFor<short>() select (AmfValue)new AmfValue.Date(ms, zone),
        ArbMap.Default.GeneratorFor<ushort>().Select(i => (AmfValue)new AmfValue.Reference(i)),
        Gen.Elements(AmfValue.NullValue, AmfValue.UndefinedValue, AmfValue.UnsupportedValue));

    [Fact]
    public void Values_WrittenAndRead_AreEqual() =>
        Prop.ForAll(Value(3).ArrayOf().ToArbitrary(), values => Amf0Reader.ReadAll(Amf0Writer.ToArray(values)).Equals([.. values])).QuickCheckThrowOnFailure();

    [Fact]
    public void Values_CutAnywhere_AreAFormatErrorOrFewerValues() =>
        Prop.ForAll(Value(2).ToArbitrary(), ArbMap.Default.GeneratorFor<PositiveInt>().ToArbitrary(), (value, cut) =>
        {
            var bytes = Amf0Writer.ToArray(value);
            var prefix = bytes[..(cut.Get % bytes.Length)];
            try
            {
                return Amf0Reader.ReadAll(prefix).Count == 0 && prefix.Length == 0;
            }
            catch (MediaFormatException)
            {
                return true;
            }
        }).QuickCheckThrowOnFailure();

    private static Gen<AmfValue> Value(int depth)
    {
        if (depth == 0)
            return Simple;

        var properties = (from name in Name from value in Value(depth - 1) select new AmfProperty(name, value)).ArrayOf().Resize(4).Select(p => (AmfList<AmfProperty>)[.. p]);
        return Gen.Frequency(
            (4, Simple),
            (1, properties.Select(p => (AmfValue)new AmfValue.Object(p))),
            (1, properties.Select(p => (AmfValue)new AmfValue.EcmaArray(p))),
            (1, from name in Name from p in properties select (AmfValue)new AmfValue.TypedObject(name, p)),
            (1, Value(depth - 1).ArrayOf().Resize(4).Select(v => (AmfValue)new AmfValue.StrictArray([.. v]))));
    }
}
