using System.Text;
using Deployments.Web.Inventory;

namespace Deployments.Tests.Inventory;

/// <summary>What package managers log, and what is read in it.</summary>
public sealed class LogFormatTests
{
    internal const string Apt =
        """

        Start-Date: 2026-02-01  10:00:00
        Commandline: apt-get install acme-agent
        Requested-By: jane (1000)
        Install: acme-agent:amd64 (1.0-1), libacme:amd64 (2:1.0, automatic)
        End-Date: 2026-02-01  10:00:05

        Start-Date: 2026-02-02  10:00:00
        Commandline: apt-get dist-upgrade
        Upgrade: acme-agent:amd64 (1.0-1, 1.1-1), libacme:amd64 (2:1.0, 2:1.1)
        Remove: old-tool:amd64 (0.9)
        End-Date: 2026-02-02  10:00:09

        Start-Date: 2026-02-03  10:00:00
        Commandline: apt-get install broken
        Install: broken:amd64 (1.0)
        Error: Sub-process /usr/bin/dpkg returned an error code (1)
        End-Date: 2026-02-03  10:00:09

        Start-Date: 2026-02-04  10:00:00
        Commandline: apt-get install running
        Install: running:amd64 (1.0)

        """;

    internal const string Zypp =
        """
        # 2026-02-01 09:59:59 a comment
        2026-02-01 09:59:58|radd   |repo|https://example.com/repo|
        2026-02-01 10:00:00|command|jane@web-07|'zypper' 'install' 'acme-agent' 'a\|b'|
        2026-02-01 10:00:03|install|libacme|1.0-1|x86_64||repo|abc|
        2026-02-01 10:00:05|install|acme-agent|0:2.0-1|noarch|root@web-07|repo|abc|
        2026-02-02 10:00:00|command|root@web-07|'zypper' 'remove' 'old-tool'|
        2026-02-02 10:00:01|remove |old-tool|0.9-1|x86_64|root@web-07|
        2026-02-02 10:00:02|patch  |openSUSE-1|1|noarch|repo|important|security|installed|
        """;

    [Fact]
    public async Task Transactions_of_apt_name_who_did_what_with_which_command()
    {
        var entries = await ReadAsync("apt-history", Apt, "UTC");

        Assert.Equal(
            [
                "acme-agent 1.0-1 amd64 jane 2026-02-01T10:00:05Z",
                "libacme 2:1.0 amd64 automatic jane 2026-02-01T10:00:05Z",
                "acme-agent 1.1-1 amd64 root 2026-02-02T10:00:09Z", "libacme 2:1.1 amd64 root 2026-02-02T10:00:09Z",
                "old-tool 0.9 amd64 gone root 2026-02-02T10:00:09Z", "unfinished", "unfinished",
            ], entries.Select(Text));
        Assert.Equal("apt-get install acme-agent", entries[0].Transaction.Command);
    }

    [Fact]
    public async Task Transactions_of_zypp_begin_with_their_command()
    {
        var entries = await ReadAsync("zypp-history", Zypp, "UTC");

        Assert.Equal(
            [
                "libacme 1.0-1 x86_64 automatic jane 2026-02-01T10:00:03Z",
                "acme-agent 2.0-1 noarch jane 2026-02-01T10:00:05Z",
                "old-tool 0.9-1 x86_64 gone root 2026-02-02T10:00:01Z",
            ], entries.Select(Text));
        Assert.Equal("'zypper' 'install' 'acme-agent' 'a|b'", entries[1].Transaction.Command);
        Assert.Equal(entries[0].Transaction.BeganAt, entries[1].Transaction.BeganAt);
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T00:59:59Z")]
    [InlineData("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z")] // an hour that no clock there showed
    [InlineData("Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T01:00:00Z")]
    [InlineData("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z")]
    [InlineData("Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z")]
    [InlineData("Europe/Berlin", "2026-07-01  12:00:00", "2026-07-01T10:00:00Z")]
    [InlineData("Asia/Kolkata", "2026-07-01 12:00:00", "2026-07-01T06:30:00Z")]
    [InlineData("UTC", "2026-02-30 12:00:00", null)]
    [InlineData("UTC", "0001-01-01 00:00:00", null)]
    [InlineData("UTC", "now", null)]
    public void Local_times_are_told_by_their_zone(string zone, string text, string? instant) => Assert.Equal(
        instant is null ? null : DateTimeOffset.Parse(instant, null),
        new LogClock(LogClock.ZoneOrNull(zone)!).Read(text));

    [Fact]
    public void The_hour_that_comes_twice_is_told_by_the_order_of_the_log()
    {
        var clock = new LogClock(LogClock.ZoneOrNull("Europe/Berlin")!);

        Assert.Equal(
            ["00:10", "00:50", "01:20", "01:40", "02:00"],
            new[] { "02:10", "02:50", "02:20", "02:40", "03:00" }
                .Select(time => $"{clock.Read($"2026-10-25 {time}:00"):HH:mm}"));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("Europe/Atlantis")]
    [InlineData("Europe/Ber\0lin")]
    [InlineData("")]
    public void What_is_no_zone_is_none(string name) => Assert.Null(LogClock.ZoneOrNull(name));

    [Theory]
    [InlineData("apt-history", Apt)]
    [InlineData("zypp-history", Zypp)]
    public async Task A_log_may_be_cut_off_anywhere_and_tells_nothing_that_the_whole_does_not(string name, string text)
    {
        var whole = (await ReadAsync(name, text, "UTC")).Select(Text).ToHashSet();

        for (var length = 0; length < text.Length; length++)
        {
            var cut = (await ReadAsync(name, text[..length], "UTC")).Where(entry => entry.Problem is null);
            // Only of a line itself nobody can see that it was cut; what apt lists counts when its end is there.
            if (length == 0 || text[length - 1] == '\n')
                Assert.All(cut.Where(entry => !entry.IsUnfinished), entry => Assert.Contains(Text(entry), whole));
            else if (name == "apt-history")
                Assert.All(cut.Where(entry => !entry.IsUnfinished),
                    entry => Assert.Contains(
                        Text(entry)[..^20], whole.Select(one => one[..^Math.Min(20, one.Length)])));
        }
    }

    [Theory]
    [InlineData("apt-history", "End-Date: 2026-02-01  10:00:00", "1 is of a transaction whose beginning is missing")]
    [InlineData("apt-history", "Start-Date: soon\nInstall: a (1)\nEnd-Date: 2026-02-01  10:00:00",
        "1 is not a date and a time")]
    [InlineData("apt-history", "Start-Date: 2026-02-01  10:00:00\nInstall: a:amd64 (1), b, c:amd64 (2)\n"
        + "End-Date: 2026-02-01  10:00:00", "2 Install does not list packages as apt does")]
    [InlineData("apt-history", "Start-Date: 2026-02-01  10:00:00\nUpgrade: a:amd64 (1)\n"
        + "End-Date: 2026-02-01  10:00:00", "2 Upgrade does not list packages as apt does")]
    [InlineData("zypp-history", "what is this", "1 has not three fields between bars")]
    [InlineData("zypp-history", "soon|install|a|1-1|noarch||", "1 does not begin with a date and a time")]
    [InlineData("zypp-history", "2026-02-01 10:00:00|install|a|1-1", "1 has not six fields between bars")]
    public async Task What_cannot_be_read_is_named(string name, string text, string problem)
    {
        var bad = Assert.Single(await ReadAsync(name, text, "UTC"), entry => entry.Problem is not null);

        Assert.Equal(problem, $"{bad.Line} {bad.Problem}");
    }

    [Fact]
    public async Task A_transaction_longer_than_any_is_not_kept_in_memory()
    {
        var text = "Start-Date: 2026-02-01  10:00:00\n"
            + string.Concat(Enumerable.Repeat($"Install: {new string('a', 1 << 20)}\n", 8))
            + "End-Date: 2026-02-01  10:00:00\n";

        Assert.Equal(["unfinished"], (await ReadAsync("apt-history", text, "UTC")).Select(Text));
    }

    internal static async Task<List<LogEntry>> ReadAsync(string name, string text, string zone)
    {
        var entries = new List<LogEntry>();
        await foreach (var entry in LogFormats.FindOrNull(name)!.ReadAsync(
            new MemoryStream(Encoding.UTF8.GetBytes(text)), new LogClock(LogClock.ZoneOrNull(zone)!),
            CancellationToken.None))
            entries.Add(entry);
        return entries;
    }

    static string Text(LogEntry entry) => entry.IsUnfinished ? "unfinished" : string.Join(' ', new[]
    {
        entry.Package, entry.Version, entry.Architecture, entry.IsRemoval ? "gone" : "",
        entry.IsAutomatic ? "automatic" : "", entry.Transaction.User,
        entry.Transaction.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null),
    }.Where(part => part.Length > 0));
}
