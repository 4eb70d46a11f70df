using System.Globalization;
using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>
/// Checks the whole ledger against the tables within one snapshot. Of everything it holds a few thousand rows at a time
/// and about one bit for each row there is.
/// </summary>
/// <param name="connection">Nothing else uses it meanwhile.</param>
/// <param name="snapshot">A repeatable read.</param>
/// <param name="anchors">What it was earlier.</param>
/// <param name="told">What is known to be wrong already.</param>
sealed class LedgerVerifier(
    NpgsqlConnection connection, NpgsqlTransaction snapshot, IReadOnlyList<LedgerAnchor> anchors,
    IReadOnlyList<string> told)
{
    const int EntriesAtOnce = 200;
    const int WaitingAtOnce = 20;
    const int RowsAtOnce = 10_000;

    readonly MerklePeaks tree = new();
    readonly Dictionary<LedgerKind, Tally> tallies = LedgerSources.All.ToDictionary(
        source => source.Kind, source => new Tally(source));

    readonly Queue<LedgerAnchor> ahead = new(anchors.OrderBy(anchor => anchor.Size));
    readonly List<string> problems = [];
    readonly LeafText text = new();
    LedgerEntry? last;
    long problemCount;

    /// <summary>Checks everything.</summary>
    /// <param name="ct">Ends it without a result.</param>
    public async Task<LedgerReport> RunAsync(CancellationToken ct)
    {
        foreach (var problem in told)
            Tell(problem);
        CheckAnchors();
        for (IReadOnlyList<LedgerEntry> entries; (entries = await EntriesAsync(ct)).Count > 0;)
        {
            foreach (var entry in entries)
                await ChainAsync(entry, ct);
            foreach (var kind in entries.Where(entry => entry.Leaves > 0).GroupBy(entry => entry.Kind))
                await CheckRowsAsync(kind.Key, [.. kind], ct);
        }

        foreach (var anchor in ahead)
            Tell($"The ledger ends with entry {tree.Size}, but had {anchor.Size} entries on {Day(anchor.At)} "
                + $"according to {anchor.Where}: entries were cut off its end.");
        await CheckWaitingAsync(ct);
        foreach (var tally in tallies.Values)
            await CheckStrangersAsync(tally, ct);
        return new LedgerReport
        {
            Entries = tree.Size,
            Root = Convert.ToHexStringLower(tree.Root()),
            Anchors = anchors.Count(anchor => anchor.IsOutside),
            Checked = [.. tallies.Values.Select(tally => tally.Checked.ToChecked())],
            Problems = problems,
            ProblemCount = problemCount,
        };
    }

    async Task<IReadOnlyList<LedgerEntry>> EntriesAsync(CancellationToken ct) =>
        [.. await connection.QueryAsync<LedgerEntry>(new CommandDefinition(
            """
            select number, chained_at, kind::int, origin::int, leaves, ids, marks, root, hash
            from ledger_entries
            where number > @after
            order by number
            limit @EntriesAtOnce
            """, new { after = last?.Number ?? 0, EntriesAtOnce }, snapshot, commandTimeout: 120,
            cancellationToken: ct))];

    async Task ChainAsync(LedgerEntry entry, CancellationToken ct)
    {
        var expected = (last?.Number ?? 0) + 1;
        if (entry.Number != expected)
            Tell(entry.Number == expected + 1
                ? $"Entry {expected} of the ledger is missing."
                : $"Entries {expected} to {entry.Number - 1} of the ledger are missing.");
        else if (!IsKnown(entry)
            || !entry.Text(text, last?.Hash ?? LedgerEntry.NoHash).Hash().AsSpan().SequenceEqual(entry.Hash))
            Tell($"Entry {entry.Number} of the ledger was changed, or the one before it: its hash does not follow.");

        if (tallies.GetValueOrDefault(entry.Kind) is { } tally)
        {
            if (entry.Origin == LedgerOrigin.Sealed && tally.IsSealed)
                Tell($"Entry {entry.Number} took in {entry.Leaves} rows that were not in the ledger, after everything "
                    + "from before it had been sealed.");
            tally.IsSealed |= entry.Origin == LedgerOrigin.SealingEnded;
        }

        List<(short Level, long Place, byte[] Hash)>? nodes = null;
        var index = tree.Size;
        tree.Add(entry.Hash, (level, hash) =>
        {
            if (level % 8 == 0)
                (nodes ??= []).Add(((short)(level / 8), index >> level, [.. hash]));
        });
        foreach (var (level, place, hash) in nodes ?? [])
        {
            var stored = await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(
                "select hash from ledger_nodes where level = @level and place = @place", new { level, place },
                snapshot, cancellationToken: ct));
            if (stored is null || !hash.AsSpan().SequenceEqual(stored))
                Tell($"The node {place} of level {level} of the ledger is missing or was changed.");
        }

        last = entry;
        CheckAnchors();
    }

    static bool IsKnown(LedgerEntry entry) =>
        Enum.IsDefined(entry.Kind) && Enum.IsDefined(entry.Origin);

    void CheckAnchors()
    {
        while (ahead.TryPeek(out var anchor) && anchor.Size <= tree.Size)
        {
            ahead.Dequeue();
            if (anchor.Size < tree.Size || !tree.Root().AsSpan().SequenceEqual(anchor.Root))
                Tell($"The first {anchor.Size} entries are not what they were on {Day(anchor.At)} according to "
                    + $"{anchor.Where}: the ledger was rewritten.");
        }
    }

    async Task CheckRowsAsync(LedgerKind kind, IReadOnlyList<LedgerEntry> entries, CancellationToken ct)
    {
        if (tallies.GetValueOrDefault(kind) is not { } tally)
            return; // told already
        var together = new List<(LedgerEntry Entry, long[] Ids)>();
        var rows = 0;
        foreach (var entry in entries)
        {
            if (LedgerIds.ReadOrNull(entry.Ids, entry.Leaves) is not { } ids
                || entry.Marks.Length != ids.Length * LedgerEntry.MarkBytes)
            {
                Tell($"Entry {entry.Number} of the ledger was changed: which rows it covers cannot be read.");
                continue;
            }

            if (rows + ids.Length > RowsAtOnce)
                await FlushAsync();
            together.Add((entry, ids));
            rows += ids.Length;
        }

        await FlushAsync();

        async Task FlushAsync()
        {
            var found = await ReadAsync(tally, [.. together.SelectMany(one => one.Ids)], ct);
            foreach (var (entry, ids) in together)
                CheckEntry(tally, entry, ids, found);
            together.Clear();
            rows = 0;
        }
    }

    async Task<Rows> ReadAsync(Tally tally, long[] ids, CancellationToken ct)
    {
        var leaves = await tally.Source.HashesAsync(connection, snapshot, ids, ct);
        var found = new Dictionary<long, ReadOnlyMemory<byte>>(leaves.Ids.Count);
        for (var i = 0; i < leaves.Ids.Count; i++)
            found[leaves.Ids[i]] = leaves.Hashes.AsMemory(i * MerkleTree.HashBytes, MerkleTree.HashBytes);
        var missing = ids.Where(id => !found.ContainsKey(id)).ToArray();
        return new Rows(found, missing.Length == 0
            ? []
            : await Tombstones.ReadAsync(connection, snapshot, tally.Source.Kind, missing, ct));
    }

    void CheckEntry(Tally tally, LedgerEntry entry, long[] ids, Rows found)
    {
        var hashes = new byte[ids.Length * MerkleTree.HashBytes];
        var (before, isWhole) = (problemCount, true);
        for (var i = 0; i < ids.Length; i++)
        {
            tally.Ids.Add(ids[i]);
            if (found.HashOrNull(ids[i], out var isDeleted) is not { } hash)
            {
                Tell($"{tally.Row(ids[i])} is missing: it was deleted past the program (entry {entry.Number}).");
                isWhole = false;
                continue;
            }

            hash.Span.CopyTo(hashes.AsSpan(i * MerkleTree.HashBytes));
            tally.Checked.Deleted += isDeleted ? 1 : 0;
            if (!hash.Span.StartsWith(entry.Marks.AsSpan(i * LedgerEntry.MarkBytes, LedgerEntry.MarkBytes)))
                Tell(isDeleted
                    ? $"The tombstone of {tally.Row(ids[i], isFirst: false)} is not of the row that was written "
                        + $"(entry {entry.Number})."
                    : $"{tally.Row(ids[i])} was changed (entry {entry.Number}).");
        }

        tally.Checked.Leaves += ids.Length;
        tally.Checked.Sealed += entry.Origin == LedgerOrigin.Sealed ? ids.Length : 0;
        if (isWhole && problemCount == before && !MerkleTree.Root(hashes).AsSpan().SequenceEqual(entry.Root))
            Tell($"One of the {ids.Length} rows of entry {entry.Number} ({tally.Row(ids[0], isFirst: false)} to "
                + $"{ids[^1]}) was changed, or the entry was: its root does not fit.");
    }

    async Task CheckWaitingAsync(CancellationToken ct)
    {
        long after = 0;
        for (IReadOnlyList<Waiting> some; (some = await WaitingAsync(after, ct)).Count > 0; after = some[^1].PendingId)
        {
            foreach (var waiting in some)
            {
                if (tallies.GetValueOrDefault(waiting.Kind) is not { } tally)
                {
                    Tell("Leaves of an unknown kind wait to be chained.");
                    continue;
                }

                var found = await ReadAsync(tally, waiting.Ids, ct);
                for (var i = 0; i < waiting.Ids.Length; i++)
                {
                    var id = waiting.Ids[i];
                    tally.Ids.Add(id);
                    tally.Checked.Waiting++;
                    if (found.HashOrNull(id, out _) is not { } hash)
                        Tell($"{tally.Row(id)} is missing: it was deleted past the program.");
                    else if (!hash.Span.SequenceEqual(
                        waiting.Hashes.AsSpan(i * MerkleTree.HashBytes, MerkleTree.HashBytes)))
                        Tell($"{tally.Row(id)} was changed.");
                }
            }
        }
    }

    async Task<IReadOnlyList<Waiting>> WaitingAsync(long after, CancellationToken ct) =>
        [.. await connection.QueryAsync<Waiting>(new CommandDefinition(
            """
            select pending_id, kind::int, ids, hashes
            from ledger_pending
            where pending_id > @after
            order by pending_id
            limit @WaitingAtOnce
            """, new { after, WaitingAtOnce }, snapshot, commandTimeout: 120, cancellationToken: ct))];

    async Task CheckStrangersAsync(Tally tally, CancellationToken ct)
    {
        var ids = tally.Source.IdsAsync(connection, snapshot, long.MinValue, long.MaxValue, ct);
        await foreach (var id in ids.WithCancellation(ct))
        {
            if (tally.Ids.Contains(id))
                continue;
            if (tally.IsSealed)
                Tell($"{tally.Row(id)} is not in the ledger: it was inserted past the program.");
            else
                tally.Checked.Unsealed++;
        }
    }

    void Tell(string problem)
    {
        if (problemCount++ < LedgerReport.ProblemsMax)
            problems.Add(problem);
    }

    static string Day(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    sealed class Tally(LedgerSource source)
    {
        public LedgerSource Source => source;

        public IdSet Ids { get; } = new();

        public bool IsSealed { get; set; }

        public Counts Checked { get; } = new(source.Kind);

        public string Row(long id, bool isFirst = true)
        {
            var one = LedgerSources.One(source.Kind);
            return string.Create(
                CultureInfo.InvariantCulture, $"{(isFirst ? char.ToUpperInvariant(one[0]) : one[0])}{one[1..]} {id}");
        }
    }

    sealed class Counts(LedgerKind kind)
    {
        public long Leaves { get; set; }

        public long Sealed { get; set; }

        public long Deleted { get; set; }

        public long Waiting { get; set; }

        public long Unsealed { get; set; }

        public LedgerChecked ToChecked() => new()
        {
            Kind = kind,
            Leaves = Leaves,
            Sealed = Sealed,
            Deleted = Deleted,
            Waiting = Waiting,
            Unsealed = Unsealed,
        };
    }

    sealed record Rows(Dictionary<long, ReadOnlyMemory<byte>> Found, Dictionary<long, byte[]> Deleted)
    {
        public ReadOnlyMemory<byte>? HashOrNull(long id, out bool isDeleted)
        {
            isDeleted = false;
            if (Found.TryGetValue(id, out var hash))
                return hash;
            isDeleted = Deleted.TryGetValue(id, out var left);
            return left is null ? default(ReadOnlyMemory<byte>?) : left;
        }
    }

    sealed record Waiting
    {
        public long PendingId { get; init; }

        public LedgerKind Kind { get; init; }

        public long[] Ids { get; init; } = [];

        public byte[] Hashes { get; init; } = [];
    }
}
