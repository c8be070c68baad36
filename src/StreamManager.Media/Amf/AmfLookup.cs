namespace StreamManager.Media.Amf;

/// <summary>Finding properties by name in anything that has properties: object, associative array or typed object.</summary>
public static class AmfLookup
{
    /// <summary>The properties of the value, or none when it is of a kind without properties (or null).</summary>
    public static AmfList<AmfProperty> PropertiesOf(this AmfValue? value) => value switch
    {
        AmfValue.Object o => o.Properties,
        AmfValue.EcmaArray a => a.Properties,
        AmfValue.TypedObject t => t.Properties,
        _ => AmfList<AmfProperty>.Empty,
    };

    /// <summary>
    /// The first property of that name, or null. Names are compared without regard to case: encoders spell <c>tcUrl</c> also <c>tcurl</c>.
    /// </summary>
    public static AmfValue? Find(this AmfValue? value, string name)
    {
        foreach (ref readonly var property in value.PropertiesOf().AsSpan())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        }

        return null;
    }

    /// <summary>The text of the property of that name, or null when it is missing or no string.</summary>
    public static string? FindString(this AmfValue? value, string name) => (value.Find(name) as AmfValue.String)?.Value;

    /// <summary>The number of the property of that name, or null when it is missing, no number, or not finite.</summary>
    public static double? FindNumber(this AmfValue? value, string name) =>
        value.Find(name) is AmfValue.Number { Value: var number } && double.IsFinite(number) ? number : null;

    /// <summary>The truth of the property of that name, or null when it is missing or no boolean.</summary>
    public static bool? FindBoolean(this AmfValue? value, string name) => (value.Find(name) as AmfValue.Boolean)?.Value;
}
