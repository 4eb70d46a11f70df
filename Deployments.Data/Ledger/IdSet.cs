namespace Deployments.Data.Ledger;

/// <summary>A set of ids that lie close together: about one bit for each.</summary>
sealed class IdSet
{
    const int PageBits = 12;
    const int WordBits = 6;

    readonly Dictionary<long, ulong[]> pages = [];

    /// <summary>How many.</summary>
    public long Count { get; private set; }

    /// <summary>Adds one.</summary>
    /// <returns>False when it was there.</returns>
    public bool Add(long id)
    {
        if (!pages.TryGetValue(id >> PageBits, out var page))
            pages.Add(id >> PageBits, page = new ulong[1 << (PageBits - WordBits)]);
        ref var word = ref page[WordOf(id)];
        var bit = 1UL << (int)(id & 63);
        if ((word & bit) != 0)
            return false;
        word |= bit;
        Count++;
        return true;
    }

    public bool Contains(long id) =>
        pages.TryGetValue(id >> PageBits, out var page) && (page[WordOf(id)] & (1UL << (int)(id & 63))) != 0;

    static int WordOf(long id) => (int)(id & ((1 << PageBits) - 1)) >> WordBits;
}
