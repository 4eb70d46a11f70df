using Dapper;
using Deployments.Data.Inventory;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Inventory;

/// <summary>Comparing an inventory with what was seen costs a look at each, whatever the statistics say.</summary>
public sealed class InventoryBacklogTests
{
    const int Packages = 4000;

    [Fact]
    public async Task An_inventory_is_compared_by_key_though_the_statistics_say_that_nothing_was_ever_seen()
    {
        await using var database = await TestDatabase.CreateAsync();
        await TakeAsync(database, 0, Seed.Start);
        var seed = new Seed(database);
        await seed.ExecuteAsync("create table seen as select * from observations; delete from observations");
        await RowsRead.WithLyingStatisticsAsync(database, "observations", () => seed.ExecuteAsync(
            """
            insert into observations (scope_id, target_id, package_id, version_id, first_upload_id, first_seen_at)
            select scope_id, target_id, package_id, version_id, first_upload_id, first_seen_at from seen
            """));

        // Half of them are there still.
        var read = await RowsRead.OfAsync(
            database, "observations", () => TakeAsync(database, Packages / 2, Seed.Start.AddDays(1)));

        Assert.InRange(read, Packages, 4 * Packages);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal((Packages, Packages / 2), await connection.QuerySingleAsync<(long, long)>(
            """
            select count(*) filter (where gone_at is null), count(*) filter (where gone_at is not null)
            from observations
            """));
    }

    static async Task TakeAsync(TestDatabase database, int first, DateTimeOffset at)
    {
        await using var intake = await new InventoryStore(database.DataSource).BeginAsync(default);
        for (var n = first; n < first + Packages; n++)
        {
            await intake.AddAsync(new SeenPackage
            {
                PackageType = "deb",
                GroupName = "",
                Name = $"p{n}",
                Version = "1.0",
                Qualifier = "",
                GroupKey = "",
                NameKey = $"p{n}",
                VersionKey = "1.0",
            }, default);
        }

        var result = await intake.TakeAsync(new NewInventory
        {
            Target = "WEB-01",
            Scope = "os",
            Covers = ["deb"],
            Format = "dpkg",
            At = at,
            ReceivedAt = at,
            Recorder = "r",
            ContentHash = System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(first)),
            Bytes = 1,
            Packages = Packages,
        }, default);
        Assert.Equal(InventoryOutcome.Taken, result.Outcome);
    }
}
