using System.Text;
using Deployments.Data.Feeds;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Tests.Records;

/// <summary>
/// What validation accepts goes to the table: a record that the database refuses later was promised, and slows every
/// drain besides.
/// </summary>
public sealed class AcceptedIsRecordedTests : IAsyncLifetime
{
    // Ends of what may be said, and what databases, calendars and encodings are known to stumble over.
    static readonly string[] Characters =
    [
        "\0", "\u0001", "\u007f", "\u0085", "\u00a0", "\u00ad", "\u0130", "\u0345", "\u2028", "\u202e", "\ufdfa",
        "\ufeff", "\ufffd", "\ufffe", "\uffff", "\ud800", "\udc00", "\U00010000", "\U0001d160", "\U0010ffff", "'",
        "\"", "\\", "\\u0000", "%00", "{", "}", ",", "a", "Z", "ß", "9", ".", "-", "+", "~", ":", "_", "/", " ",
    ];

    static readonly string?[] Dates =
    [
        null, "0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1582-10-15", "1889-12-31",
        "1970-01-01", "1989-12-31T23:59:59.9999999Z", "1990-01-01", "1990-01-01T00:00:00.0000001Z", "2000-02-29",
        "1990-01-01T00:00:00-14:00", "2016-12-31T23:59:60Z", "2024-02-30", "9999-12-31",
        "9999-12-31T23:59:59.9999999Z",
        "10000-01-01", "-0001-01-01", "infinity", "-infinity", "now", "2020-01-01T24:00:00Z",
        "2020-01-01T00:00:00.123456789012345Z",
    ];

    static readonly string[] Versions =
    [
        "1", "99999999999999999999999999", "1.99999999999999999999", "0", "-1", "1e400", "4294967296.0", "1:2-3", "v1",
        "00000000000000000000001", "1.0.0-" + new string('9', 400), new('9', 500), new('x', 500), "1!2.3.post4.dev5+6",
        string.Join('.', Enumerable.Repeat("1", 250)), string.Join('-', Enumerable.Repeat("a", 250)),
        string.Join('.', Enumerable.Range(1000, 100)), string.Concat(Enumerable.Repeat("1a", 250)),
        string.Concat(Enumerable.Repeat("~^", 250)), "", "..", "-", "+", "~~", "1..2", "1.-2", "٣.١", "１.２",
    ];

    TestApp app = null!;
    IReadOnlyList<Feed> feeds = [];

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.StopJobsAsync(); // the drain is this test's
        foreach (var type in app.Service<FeedTypeCatalog>().All)
            await app.CreateFeedAsync("f-" + type.Key, type.Key);
        feeds = await app.Service<FeedQueries>().AllAsync(VisibleFeeds.All, default);
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_validation_accepts_is_recorded_by_the_inbox_and_by_the_journal(int seed)
    {
        var random = new Random(seed);
        var accepted = new List<InboxEntry>();
        foreach (var feed in feeds)
        {
            for (var i = 0; i < 200; i++)
            {
                if (await AcceptedOrNullAsync(feed, random) is { } entry)
                    accepted.Add(entry);
            }
        }

        Assert.InRange(accepted.Count, 300, int.MaxValue); // or this would prove nothing
        Assert.Contains(accepted, entry => entry.DeployedAt == DeploymentRules.DateMin);

        var journaled = accepted.Where((_, i) => i % 2 == 0).ToArray();
        var journal = app.Service<Journal>();
        journal.Append(journaled); // the writer delivers it
        foreach (var entry in accepted.Except(journaled))
            Assert.Equal(InboxOutcome.Recorded, await app.Service<InboxWriter>().AddAsync(entry));

        await Patience.UntilAsync(() => Task.FromResult(journal.IsEmpty), () => "The journal is not delivered.");
        Assert.Equal(0, journal.RefusedBytes);
        var interpret = app.Service<RecordFactory>().Interpret;
        while (await app.Service<InboxStore>().DrainAsync(1000, interpret, default) > 0)
        {
        }

        Assert.Empty(await Recorded.RejectedAsync(app.Database));
        var recorded = (await Recorded.AllAsync(app.Database)).ToDictionary(row => row.Id);
        Assert.All(accepted, entry =>
        {
            var row = recorded[entry.Id];
            // A dictionary shows the spelling first seen; the texts are kept as they are.
            Assert.Equal((entry.Description, entry.Url), (row.Description, row.Url));
            if (entry.DeployedAt is { } date)
                Assert.Equal(date, row.DeployedAt); // to the last digit, or a repetition is not known
        });
    }

    /// <summary>An entry of hostile values, as a download makes it; null where it would be refused.</summary>
    async Task<InboxEntry?> AcceptedOrNullAsync(Feed feed, Random random)
    {
        var type = app.Service<FeedTypeCatalog>().FindOrNull(feed.FeedType)!;
        var fields = new DeploymentFields
        {
            Application = Text(random, DeploymentRules.NameLengthMax),
            Description = Text(random, DeploymentRules.DescriptionLengthMax),
            Target = Text(random, DeploymentRules.NameLengthMax),
            UserName = random.Next(2) == 0 ? null : Text(random, DeploymentRules.NameLengthMax),
            Url = random.Next(2) == 0 ? null : "https://ci.example/" + Text(random, 300),
            Date = Dates[random.Next(Dates.Length)],
        }.Trimmed();
        var (group, name) = (random.Next(2) == 0 ? "" : Text(random, 500), Text(random, 500));
        var version = random.Next(4) == 0 ? Text(random, 500) : Versions[random.Next(Versions.Length)];
        var package = random.Next(2) == 0
            ? type.FromNames(group, name, version)
            : new PackageCoordinates(group, name, version, random.Next(2) == 0 ? "" : Text(random, 500));
        if (DeploymentRules.FirstProblem(fields, TimeProvider.System.GetUtcNow()) is not null
            || CoordinateLimits.ProblemOrNull(type, package) is not null)
            return null;
        return new InboxEntry
        {
            Id = await app.Service<RecordIds>().NextAsync(default),
            ReceivedAt = TimeProvider.System.GetUtcNow(),
            FeedId = feed.FeedId,
            GroupName = package.Group,
            Name = package.Name,
            Version = package.Version,
            Qualifier = package.Qualifier,
            Application = fields.Application!,
            Description = fields.Description!,
            Target = fields.Target!,
            Url = fields.Url,
            UserName = fields.UserName ?? "Anonymous",
            DeployedAt = fields.DeployedAt,
            Recorder = "Anonymous",
            Road = RecordRoad.Header,
            RawPath = "/",
        };
    }

    /// <summary>Mostly what is accepted: a control character in every text would leave nothing to record.</summary>
    static string Text(Random random, int lengthMax)
    {
        var length = random.Next(5) switch { 0 => lengthMax, 1 => 1, _ => random.Next(1, 40) };
        var oneKind = random.Next(3) == 0 ? Characters[random.Next(9, Characters.Length)] : null;
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(oneKind ?? (random.Next(400) == 0
                ? Characters[random.Next(Characters.Length)]
                : char.ConvertFromUtf32(random.Next(6) switch
                {
                    0 => random.Next(0x4e00, 0x9f00), // no compression helps
                    1 => random.Next(0x10000, 0x10ffff),
                    2 => random.Next(0xa0, 0x500),
                    _ => random.Next('!', '~'),
                })));
        }

        return text.ToString(0, Math.Min(length, text.Length));
    }
}
