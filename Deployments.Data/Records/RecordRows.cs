using System.Net;

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

    public static async Task<RecordRows> ResolveAsync(IReadOnlyList<NewRecord> records, Dictionaries dictionaries)
    {
        var targets = await dictionaries.TargetsAsync(records.Select(r => r.Target));
        var applications = await dictionaries.ApplicationsAsync(records.Select(r => r.Application));
        var users = await dictionaries.UsersAsync(records.Select(r => r.UserName));
        var recorders = await dictionaries.RecordersAsync(records.Select(r => r.Recorder));
        var texts = await dictionaries.TextsAsync(
            records.SelectMany(r => new[] { r.Description, r.Url, r.UserAgent }).OfType<string>());
        var packages = await dictionaries.PackagesAsync(records);
        var packageIds = records.Select(r => packages[(r.PackageType, r.GroupKey, r.NameKey)]).ToArray();
        var versions = await dictionaries.VersionsAsync([.. packageIds.Zip(records)]);

        return new RecordRows
        {
            Ids = [.. records.Select(r => r.Id)],
            // PostgreSQL keeps microseconds.
            DeployedAts = [.. records.Select(r => r.DeployedAt.ToUniversalTime())],
            RecordedAts = [.. records.Select(r => r.RecordedAt.ToUniversalTime())],
            PackageIds = packageIds,
            VersionIds = [.. records.Select((r, i) => versions[(packageIds[i], r.VersionKey, r.Qualifier)])],
            TargetIds = [.. records.Select(r => targets[Dictionaries.NameKey(r.Target)])],
            ApplicationIds = [.. records.Select(r => applications[Dictionaries.NameKey(r.Application)])],
            UserIds = [.. records.Select(r => users[Dictionaries.NameKey(r.UserName)])],
            RecorderIds = [.. records.Select(r => recorders[Dictionaries.NameKey(r.Recorder)])],
            DescriptionIds = [.. records.Select(r => texts[r.Description])],
            UrlIds = [.. records.Select(r => r.Url is null ? (int?)null : texts[r.Url])],
            UserAgentIds = [.. records.Select(r => r.UserAgent is null ? (int?)null : texts[r.UserAgent])],
            FeedIds = [.. records.Select(r => r.FeedId)],
            Roads = [.. records.Select(r => (short)r.Road)],
            ClientAddresses = [.. records.Select(r => r.ClientAddress)],
            Digests = [.. records.Select(RecordStore.Digest)],
            RawHeaders = [.. records.Select(r => r.RawHeaders)],
        };
    }
}
