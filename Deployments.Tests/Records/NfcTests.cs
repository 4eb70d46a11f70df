using System.Text;
using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Data.Search;
using Deployments.Data.Targets;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

/// <summary>Names that look the same are the same, and those that were kept apart have been merged.</summary>
public sealed class NfcTests : IAsyncLifetime
{
    const string Composed = "caf\u00e9-01";
    const string Combined = "CAFE\u0301-01";

    TestDatabase database = null!;

    public async Task InitializeAsync() => database = await TestDatabase.CreateAsync();

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u212b", "\u00c5")] // ANGSTROM SIGN
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1e0a\u0323", "\u1e0c\u0307")]
    [InlineData("\u1100\u1161\u11a8", "\uac01")] // Hangul
    [InlineData("\uac00\u11a8", "\uac01")]
    [InlineData("\u0958", "\u0915\u093c")] // never made
    [InlineData("a\u0301\u0315\u0300", "\u00e1\u0300\u0315")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65")]
    public void Form_C_is_what_Unicode_says(string text, string expected) => Assert.Equal(expected, Nfc.Of(text));

    [Fact]
    public async Task Every_character_and_thousands_of_heaps_are_composed_as_PostgreSQL_composes_them()
    {
        var random = new Random(17);
        var marks = Enumerable.Range(0x300, 0x70).Concat([0x5b0, 0x93c, 0x1161, 0x11a8]).ToArray();
        var letters = Enumerable.Range(1, 0x2ffff).Where(Rune.IsValid).ToArray();
        var texts = letters.Select(letter => new Rune(letter).ToString()).Concat(Enumerable.Range(0, 20_000).Select(_ =>
            string.Concat(Enumerable.Range(0, 6).Select(i => new Rune(i == 0 || random.Next(5) == 0
                ? letters[random.Next(random.Next(2) == 0 ? 0x400 : 0x3000)]
                : marks[random.Next(marks.Length)]).ToString())))).ToArray();
        await using var connection = await database.DataSource.OpenConnectionAsync();

        var expected = (await connection.QueryAsync<string>(
            "select normalize(t, nfc) from unnest(@texts) with ordinality as u (t, n) order by n",
            new { texts })).ToArray();

        Assert.Equal(texts.Length, expected.Length);
        Assert.Empty(texts.Zip(expected).Where(pair => Nfc.Of(pair.First) != pair.Second)
            .Select(pair => string.Join(' ', pair.First.EnumerateRunes().Select(rune => $"{rune.Value:X4}"))));
    }

    [Fact]
    public async Task Two_spellings_are_one_target_and_found_by_either()
    {
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("A 1.0", Composed, 0);
        await seed.DeployAsync("A 2.0", Combined, 1);

        var targets = new TargetQueries(database.DataSource);
        var found = (await targets.FindOrNullAsync(Combined, VisibleFeeds.All, default))!;
        Assert.Equal(found.TargetId, (await targets.FindOrNullAsync(Composed, VisibleFeeds.All, default))!.TargetId);
        Assert.Equal("2.0", Assert.Single(await targets.NowAsync(found.TargetId, VisibleFeeds.All, default)).Version);
        Assert.Equal(SearchPattern.Of(Composed), SearchPattern.Of(Combined));
    }

    [Fact]
    public async Task Existing_names_are_merged_with_all_that_refers_to_them()
    {
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        foreach (var (target, minute) in new[] { ("other", 0), (Composed, 1), ("twin", 2), ("lone", 3) })
            await seed.DeployAsync($"A {minute}.0", target, minute, change: record => record with
            {
                UserName = target,
                Application = target,
                Recorder = target,
            });
        await seed.DeployAsync("B 1.0", "twin", 4);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        // As they were kept: in lower case, and apart.
        foreach (var table in new[] { "targets", "users", "applications", "recorders" })
        {
            await connection.ExecuteAsync(
                $"update {table} set name = @name, name_key = @key where name = 'twin'",
                new { name = Combined, key = Combined.ToLowerInvariant() });
            await connection.ExecuteAsync($"update {table} set name_key = @key where name = 'lone'",
                new { key = "lone-e\u0301" });
        }

        var sql = Migrator.All.Single(migration => migration.Name.StartsWith("0031_", StringComparison.Ordinal)).Sql;
        for (var i = 0; i < 2; i++) // the second time there is nothing to do
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync(sql, transaction: transaction);
            await transaction.CommitAsync();
        }

        foreach (var (table, column) in new[]
            {
                ("targets", "target_id"), ("users", "user_id"), ("applications", "application_id"),
                ("recorders", "recorder_id"),
            })
        {
            Assert.Equal(
                [Composed, "lone-\u00e9"],
                (await connection.QueryAsync<string>($"select name_key from {table}"))
                    .Where(key => key.Any(letter => letter > 'z')).Order(StringComparer.Ordinal));
            Assert.Equal(0L, await connection.ExecuteScalarAsync<long>(
                $"select count(*) from deployments where {column} not in (select {column} from {table})"));
        }

        var targets = new TargetQueries(database.DataSource);
        var merged = (await targets.FindOrNullAsync(Combined, VisibleFeeds.All, default))!;
        Assert.Equal(Composed, merged.Name);
        Assert.Equal(["A 2.0", "B 1.0"], (await targets.NowAsync(merged.TargetId, VisibleFeeds.All, default))
            .Select(row => $"{row.Name} {row.Version}").Order(StringComparer.Ordinal));
        Assert.Equal(3L, await connection.ExecuteScalarAsync<long>(
            "select count(*) from deployments where target_id = @id", new { id = merged.TargetId }));
        await seed.DeployAsync("A 3.0", Combined, 9);
        Assert.Equal(4L, await connection.ExecuteScalarAsync<long>(
            "select count(*) from deployments where target_id = @id", new { id = merged.TargetId }));
    }
}
