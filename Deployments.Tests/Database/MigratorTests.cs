using Deployments.Data.Database;
using Deployments.Tests.Support;

namespace Deployments.Tests.Database;

public sealed class MigratorTests
{
    [Fact]
    public async Task An_empty_database_is_brought_to_the_current_schema_once()
    {
        await using var database = await TestDatabase.CreateAsync(migrated: false);
        var migrator = new Migrator(database.DataSource);
        Assert.NotNull(await migrator.ProblemOrNullAsync(default));

        var applied = await migrator.MigrateAsync(default);

        Assert.Equal(Migrator.All.Select(migration => migration.Name), applied);
        Assert.Empty(await migrator.MigrateAsync(default));
        Assert.Null(await migrator.ProblemOrNullAsync(default));
    }

    [Fact]
    public async Task Nodes_that_start_together_migrate_once()
    {
        await using var database = await TestDatabase.CreateAsync(migrated: false);

        var applied = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => Task.Run(() => new Migrator(database.DataSource).MigrateAsync(default))));

        Assert.Equal(Migrator.All.Count, applied.Sum(names => names.Count));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using (var command = database.DataSource.CreateCommand(
            "insert into schema_migrations (name, checksum) values ('9999_from_the_future', '')"))
            await command.ExecuteNonQueryAsync();

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => new Migrator(database.DataSource).MigrateAsync(default));

        Assert.Contains("9999_from_the_future", refusal.Message, StringComparison.Ordinal);
    }
}
