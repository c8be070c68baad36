namespace StreamManager.Media.Avc;

/// <summary>The kinds of H.264 NAL units (ITU-T H.264 table 7-1) that this server tells apart.</summary>
public enum NalUnitType : byte
{
    /// <summary>A slice of a picture that is no IDR.</summary>
    Slice = 1,

    /// <summary>The first partition of a slice in three parts (extended profile).</summary>
    SlicePartitionA = 2,

    /// <summary>A slice of an IDR picture.</summary>
    IdrSlice = 5,

    /// <summary>Supplemental enhancement information.</summary>
    Sei = 6,

    /// <summary>Sequence parameter set.</summary>
    SequenceParameterSet = 7,

    /// <summary>Picture parameter set.</summary>
    PictureParameterSet = 8,

    /// <summary>Access unit delimiter.</summary>
    AccessUnitDelimiter = 9,

    /// <summary>End of sequence.</summary>
    EndOfSequence = 10,

    /// <summary>End of stream.</summary>
    EndOfStream = 11,

    /// <summary>Filler.</summary>
    Filler = 12,

    /// <summary>Sequence parameter set extension.</summary>
    SequenceParameterSetExtension = 13,
}
