namespace StreamManager.Media.Formats;

/// <summary>
/// What the sample values mean, in the code points of ITU-T H.273, which H.264, H.265, VP9 and AV1 share. 2 means "unspecified".
/// </summary>
public readonly record struct ColourDescription(bool IsFullRange, byte Primaries, byte Transfer, byte Matrix)
{
    private const byte UnspecifiedCode = 2;
    private const byte TransferPq = 16;
    private const byte TransferHlg = 18;

    /// <summary>Nothing said: limited range.</summary>
    public static ColourDescription Unspecified { get; } = new(false, UnspecifiedCode, UnspecifiedCode, UnspecifiedCode);

    /// <summary>The transfer curve is one of the two high-dynamic-range ones (PQ, HLG).</summary>
    public bool IsHighDynamicRange => Transfer is TransferPq or TransferHlg;
}
