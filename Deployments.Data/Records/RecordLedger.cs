using System.Text.Json;
using Deployments.Data.Ledger;

namespace Deployments.Data.Records;

/// <summary>
/// Deployment records as leaves of the ledger: every field, names and texts in full as they are shown. A feed alone is
/// its number, since it may be renamed.
/// </summary>
sealed class RecordLedger() : LedgerSource(LedgerKind.Record, FormNow)
{
    const string FormNow = "record/1";

    public static readonly RecordLedger Instance = new();

    static readonly string[] Roads =
        [.. Enum.GetValues<RecordRoad>().Select(road => JsonNamingPolicy.CamelCase.ConvertName(road.ToString()))];

    /// <inheritdoc/>
    protected override string Table => "deployments d";

    /// <inheritdoc/>
    protected override string Id => "d.id";

    /// <inheritdoc/>
    protected override string Fields =>
        """
        d.id as "id", d.deployed_at as "deployedAt", d.recorded_at as "recordedAt", d.feed_id as "feed",
        packages.type as "type", packages.group_name as "group", packages.name as "name",
        package_versions.version as "version", package_versions.qualifier as "qualifier",
        applications.name as "application", descriptions.name as "description", targets.name as "target",
        urls.name as "url", users.name as "user", recorders.name as "recordedBy", d.road as "road",
        d.client_address as "clientAddress", agents.name as "userAgent", d.raw_headers as "rawHeaders",
        d.digest as "digest"
        """;

    // What is missing from a dictionary changes a record, and does not hide it.
    /// <inheritdoc/>
    protected override string Joins =>
        """
        left join packages on packages.package_id = d.package_id
        left join package_versions
            on package_versions.version_id = d.version_id and package_versions.package_id = d.package_id
        left join targets on targets.target_id = d.target_id
        left join applications on applications.application_id = d.application_id
        left join users on users.user_id = d.user_id
        left join recorders on recorders.recorder_id = d.recorder_id
        left join texts descriptions on descriptions.text_id = d.description_id
        left join texts urls on urls.text_id = d.url_id
        left join texts agents on agents.text_id = d.user_agent_id
        """;

    /// <inheritdoc/>
    protected override string? Text(string field, object value) =>
        field == "road" ? RoadName((short)value) : base.Text(field, value);

    /// <summary>Makes the leaf of a record before it is stored: the same as is read from its row.</summary>
    /// <param name="text">Makes it.</param>
    /// <param name="record">What was said, with times as they are stored.</param>
    /// <param name="words">How the dictionaries spell it.</param>
    /// <param name="digest">What makes it one with its repetitions; null when nothing does.</param>
    public static LeafText Leaf(LeafText text, NewRecord record, RecordWords words, Guid? digest) => text
        .Begin(FormNow)
        .Add("application", words.Application)
        .Add("clientAddress", record.ClientAddress is { } address ? LeafValue.Of(address) : null)
        .Add("deployedAt", LeafValue.Of(LeafValue.Stored(record.DeployedAt)))
        .Add("description", record.Description)
        .Add("digest", digest?.ToString())
        .Add("feed", LeafValue.Of(record.FeedId))
        .Add("group", words.Group)
        .Add("id", LeafValue.Of(record.Id))
        .Add("name", words.Name)
        .Add("qualifier", record.Qualifier)
        .Add("rawHeaders", record.RawHeaders)
        .Add("recordedAt", LeafValue.Of(LeafValue.Stored(record.RecordedAt)))
        .Add("recordedBy", words.Recorder)
        .Add("road", RoadName((short)record.Road))
        .Add("target", words.Target)
        .Add("type", record.PackageType)
        .Add("url", record.Url)
        .Add("user", words.User)
        .Add("userAgent", record.UserAgent)
        .Add("version", words.Version)
        .End();

    internal static string RoadName(short road) => road >= 1 && road <= Roads.Length
        ? Roads[road - 1]
        : LeafValue.Of(road);
}

/// <summary>How the dictionaries spell what a record says: as it was said first.</summary>
readonly record struct RecordWords(
    string Application, string Group, string Name, string Version, string Target, string User, string Recorder);
