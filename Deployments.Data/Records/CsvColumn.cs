using System.Text.Json;

namespace Deployments.Data.Records;

/// <summary>A column of the audit CSV.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Meaning">What it says, for people.</param>
public sealed record CsvColumn(string Name, string Meaning)
{
    /// <summary>How it is read: of the record <c>d</c> and its dictionaries.</summary>
    internal string Sql { get; private init; } = "";

    /// <summary>All of them, in order. Columns are only ever added, and at the end.</summary>
    public static IReadOnlyList<CsvColumn> All { get; } =
    [
        new("id", "The record; its page is /deployments/id.") { Sql = "d.id" },
        new("deployedAt", "When it was deployed: UTC, ISO 8601.") { Sql = Time("d.deployed_at") },
        new("recordedAt", "When this server heard of it: UTC, ISO 8601.") { Sql = Time("d.recorded_at") },
        new("feed", "The feed it came through, which may have been deleted since.") { Sql = Text("feeds.name") },
        new("feedType", "That feed's type, such as universal.") { Sql = Text("feeds.feed_type") },
        new("type", "The package's type as in a package URL, such as upack.") { Sql = Text("packages.type") },
        new("group", "npm scope, Maven groupId, universal group; empty where there is none.")
        {
            Sql = Text("packages.group_name"),
        },
        new("name", "The package.") { Sql = Text("packages.name") },
        new("version", "Its version.") { Sql = Text("package_versions.version") },
        new("qualifier", "What tells two files of the version apart, as key=value pairs; empty where nothing does.")
        {
            Sql = Text("package_versions.qualifier"),
        },
        new("application", "The application or tool that deployed.") { Sql = Text("applications.name") },
        new("description", "Brief summary; may be empty.") { Sql = Text("descriptions.name") },
        new("target", "Where the package was installed, typically a server.") { Sql = Text("targets.name") },
        new("url", "Link to more information; empty where none was given.") { Sql = Text("urls.name") },
        new("user", "Who deployed, as the client said.") { Sql = Text("users.name") },
        new("recordedBy", "The account or API key that wrote it down, as authenticated, or Anonymous.")
        {
            Sql = Text("recorders.name"),
        },
        new("road", "How it came in: " + string.Join(", ", Roads) + ".") { Sql = RoadSql },
        new("clientAddress", "The network address of the request; empty where unknown.")
        {
            Sql = "host(d.client_address)",
        },
        new("userAgent", "What the client called itself; empty where it did not say.") { Sql = Text("agents.name") },
        new("rawHeaders", "The deployment headers as received, one per line, where they are not literally the fields.")
        {
            Sql = Text("d.raw_headers"),
        },
    ];

    static IEnumerable<string> Roads => Enum.GetValues<RecordRoad>().Select(NameOf);

    static string RoadSql =>
        "case d.road "
        + string.Join(' ', Enum.GetValues<RecordRoad>().Select(road => $"when {(short)road} then '{NameOf(road)}'"))
        + " else d.road::text end";

    // A timestamp as text is ISO 8601 but for the blank in it; to_char takes five times as long.
    static string Time(string column) => $"replace(({column} at time zone 'UTC')::text, ' ', 'T') || 'Z'";

    static string Text(string column) => $"csv_cell({column})";

    static string NameOf(RecordRoad road) => JsonNamingPolicy.CamelCase.ConvertName(road.ToString());
}
