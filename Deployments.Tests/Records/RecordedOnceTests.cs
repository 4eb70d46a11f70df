using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

/// <summary>
/// An id is one record. What is delivered again may name another package by then: rules for names change between
/// versions of the program, and rejected entries are mended by hand.
/// </summary>
public sealed class RecordedOnceTests : IAsyncLifetime
{
    TestDatabase database = null!;

    public async Task InitializeAsync() => database = await TestDatabase.CreateAsync();

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Theory]
    [InlineData("Acme.Web 1.0.0")]
    [InlineData("Acme.Web 2.0.0")]
    [InlineData("Other.Web 1.0.0")]
    public async Task The_same_id_is_recorded_once_whatever_package_it_names_later(string later)
    {
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        var id = await seed.DeployAsync("Acme.Web 1.0.0", "WEB-01", 0);

        Assert.Equal(id, await seed.DeployAsync(later, "WEB-01", 1, change: record => record with { Id = id }));

        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(
            (id, "Acme.Web", "1.0.0"),
            await connection.QuerySingleAsync<(long, string, string)>(
                """
                select d.id, p.name, v.version
                from deployments d
                join packages p using (package_id)
                join package_versions v using (version_id)
                """));
        Assert.Equal(1, await connection.QuerySingleAsync<long>("select sum(leaves) from ledger_pending"));
    }
}
