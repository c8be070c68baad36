using System.Collections;
using System.Runtime.CompilerServices;

namespace StreamManager.Media.Amf;

/// <summary>
/// An immutable list that is equal to another when all elements are. AMF values are compared by content: what was read can be written and read
/// again equal.
/// </summary>
[CollectionBuilder(typeof(AmfList), nameof(AmfList.Create))]
public sealed class AmfList<T> : IReadOnlyList<T>, IEquatable<AmfList<T>>
{
    private readonly T[] _items;

    internal AmfList(T[] items) => _items = items;

    /// <summary>The list without elements.</summary>
    internal static AmfList<T> Empty { get; } = new([]);

    /// <inheritdoc />
    public int Count => _items.Length;

    /// <inheritdoc />
    public T this[int index] => _items[index];

    /// <summary>The elements as a span, for loops without an enumerator.</summary>
    public ReadOnlySpan<T> AsSpan() => _items;

    /// <inheritdoc />
    public bool Equals(AmfList<T>? other) => other is not null && _items.AsSpan().SequenceEqual(other._items, EqualityComparer<T>.Default);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as AmfList<T>);

    /// <inheritdoc />
    public override int GetHashCode() => _items.Length;

    /// <inheritdoc />
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}

/// <summary>Makes an <see cref="AmfList{T}"/> from a collection expression.</summary>
public static class AmfList
{
    /// <summary>Copies <paramref name="items"/> into a list.</summary>
    public static AmfList<T> Create<T>(ReadOnlySpan<T> items) => items.IsEmpty ? AmfList<T>.Empty : new AmfList<T>(items.ToArray());
}
