using System.Net;
using Deployments.Data.Ledger;

namespace Deployments.Data.Records;

/// <summary>A batch as columns, names replaced by dictionary ids: the parameters of the set-based statements.</summary>
sealed class RecordRows
{
    public required long[] Ids { get; init; }

    public required DateTimeOffset[] DeployedAts { get; init; }

    public required DateTimeOffset[] RecordedAts { get; init; }

    public required int[] PackageIds { get; init; }

    public required int[] VersionIds { get; init; }

    public required int[] TargetIds { get; init; }

    public required int[] ApplicationIds { get; init; }

    public required int[] UserIds { get; init; }

    public required int[] RecorderIds { get; init; }

    public required int[] DescriptionIds { get; init; }

    public required int?[] UrlIds { get; init; }

    public required int?[] UserAgentIds { get; init; }

    public required int[] FeedIds { get; init; }

    public required short[] Roads { get; init; }

    public required IPAddress?[] ClientAddresses { get; init; }

    public required Guid?[] Digests { get; init; }

    public required string?[] RawHeaders { get; init; }

    /// <summary>The leaf hashes of the records for the ledger, 32 bytes each.</summary>
    public byte[] LeafHashes { get; private init; } = [];

    public static async Task<RecordRows> ResolveAsync(IReadOnlyList<NewRecord> records, Dictionaries dictionaries)
    {
        var targets = await dictionaries.TargetsAsync(records.Select(r => r.Target));
        var applications = await dictionaries.ApplicationsAsync(records.Select(r => r.Application));
        var users = await dictionaries.UsersAsync(records.Select(r => r.UserName));
        var recorders = await dictionaries.RecordersAsync(records.Select(r => r.Recorder));
        var texts = await dictionaries.TextsAsync(
            records.SelectMany(r => new[] { r.Description, r.Url, r.UserAgent }).OfType<string>());
        var packages = await dictionaries.PackagesAsync(records);
        var packageIds = records.Select(r => packages[(r.PackageType, r.GroupKey, r.NameKey)].Id).ToArray();
        var versions = await dictionaries.VersionsAsync([.. packageIds.Zip(records)]);
        var digests = records.Select(RecordStore.Digest).ToArray();
        var hashes = new byte[records.Count * MerkleTree.HashBytes];
        var leaf = new LeafText();
        for (var i = 0; i < records.Count; i++)
        {
            var r = records[i];
            var package = packages[(r.PackageType, r.GroupKey, r.NameKey)];
            var words = new RecordWords(
                applications[Dictionaries.NameKey(r.Application)].Name, package.GroupName, package.Name,
                versions[(package.Id, r.VersionKey, r.Qualifier)].Name, targets[Dictionaries.NameKey(r.Target)].Name,
                users[Dictionaries.NameKey(r.UserName)].Name, recorders[Dictionaries.NameKey(r.Recorder)].Name);
            RecordLedger.Leaf(leaf, r, words, digests[i])
                .Hash(hashes.AsSpan(i * MerkleTree.HashBytes, MerkleTree.HashBytes));
        }

        return new RecordRows
        {
            Ids = [.. records.Select(r => r.Id)],
            // PostgreSQL keeps microseconds.
            DeployedAts = [.. records.Select(r => LeafValue.Stored(r.DeployedAt))],
            RecordedAts = [.. records.Select(r => LeafValue.Stored(r.RecordedAt))],
            PackageIds = packageIds,
            VersionIds = [.. records.Select((r, i) => versions[(packageIds[i], r.VersionKey, r.Qualifier)].Id)],
            TargetIds = [.. records.Select(r => targets[Dictionaries.NameKey(r.Target)].Id)],
            ApplicationIds = [.. records.Select(r => applications[Dictionaries.NameKey(r.Application)].Id)],
            UserIds = [.. records.Select(r => users[Dictionaries.NameKey(r.UserName)].Id)],
            RecorderIds = [.. records.Select(r => recorders[Dictionaries.NameKey(r.Recorder)].Id)],
            DescriptionIds = [.. records.Select(r => texts[r.Description])],
            UrlIds = [.. records.Select(r => r.Url is null ? (int?)null : texts[r.Url])],
            UserAgentIds = [.. records.Select(r => r.UserAgent is null ? (int?)null : texts[r.UserAgent])],
            FeedIds = [.. records.Select(r => r.FeedId)],
            Roads = [.. records.Select(r => (short)r.Road)],
            ClientAddresses = [.. records.Select(r => r.ClientAddress)],
            Digests = digests,
            RawHeaders = [.. records.Select(r => r.RawHeaders)],
            LeafHashes = hashes,
        };
    }
}
