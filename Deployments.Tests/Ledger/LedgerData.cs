using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Evidence;
using Deployments.Data.Inventory;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Ledger;

/// <summary>A database with rows of every kind that the ledger covers, written through everybody's doors.</summary>
sealed class LedgerData(TestDatabase database) : IAsyncDisposable
{
    public static readonly Actor Somebody = new("Admin", "192.0.2.1");

    public TestDatabase Database => database;

    public Seed Seed { get; } = new(database);

    LedgerChainStore Chain => new(database.DataSource);

    /// <summary>
    /// Three records (1, 2, 3), a removal, an assessment (1) and a revoked one (2), an accepted difference (1) and a
    /// revoked one (2), and their audit events.
    /// </summary>
    public static async Task<LedgerData> CreateAsync()
    {
        var data = new LedgerData(await TestDatabase.CreateAsync());
        await data.FillAsync();
        await data.SealAsync();
        return data;
    }

    public async Task FillAsync()
    {
        await Seed.FeedAsync("main", "nuget");
        await Seed.DeployAsync("A 1.0", "WEB-01", 0);
        await Seed.DeployAsync("A 1.1", "WEB-01", 1, change: record => record with
        {
            Url = "https://ci.example/1",
            RawHeaders = "X: y",
            DateIsExplicit = true,
        });
        await Seed.DeployAsync("B 1.0", "WEB-02", 2);
        await Seed.RemoveAsync("B", "WEB-02", 3);
        await Seed.ExecuteAsync(
            """
            insert into advisories (
                osv_id, group_id, modified_at, summary, details, severity, severity_source, reference_urls)
            values ('GHSA-1', 1, now(), '', '', 1, '', '{}')
            """);
        var assessments = new AssessmentStore(database.DataSource);
        foreach (var reason in new[] { "stays", "goes" })
            await assessments.AssessAsync(
                new NewAssessment
                {
                    GroupId = 1,
                    AdvisoryId = "GHSA-1",
                    State = AssessmentState.NotAffected,
                    Reason = reason,
                    Target = "web-01",
                }, Seed.Start, Somebody, default);
        Assert.True(await assessments.RevokeAsync(1, 2, Seed.Start.AddDays(1), Somebody, default));
        var drift = new DriftStore(database.DataSource);
        var (stays, goes) = (Difference(1), Difference(2));
        foreach (var difference in new[] { stays, goes })
            await drift.AcceptAsync(difference, "it is so", null, Seed.Start, Somebody, default);
        await drift.RevokeAsync(goes, Seed.Start.AddDays(1), Somebody, default);
    }

    static DriftRow Difference(int target) => new()
    {
        Target = $"WEB-0{target}",
        TargetId = target,
        PackageId = target,
        Kind = DriftKind.Unrecorded,
    };

    /// <summary>Seals what was there before the ledger, to its end.</summary>
    public async Task<long> SealAsync()
    {
        await ChainAsync();
        return await new LedgerSealStore(database.DataSource).SealAsync(
            1000, TimeProvider.System.GetUtcNow(), default);
    }

    public Task<long> ChainAsync() => Chain.ChainAsync(default);

    public Task<LedgerReport> VerifyAsync(params LedgerAnchor[] anchors) =>
        new LedgerVerificationStore(database.DataSource, Chain, TimeProvider.System).VerifyAsync(
            new LedgerWitness(anchors, []), default);

    /// <summary>What it is now, as somebody notes it elsewhere.</summary>
    public async Task<LedgerAnchor> AnchorAsync()
    {
        await ChainAsync();
        var head = await new LedgerQueries(database.DataSource).HeadAsync(default);
        return new LedgerAnchor(head.Size, head.Root, Seed.Start, "a file");
    }

    /// <summary>As who may do everything in the database does it: no trigger stands in the way.</summary>
    public async Task TamperAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("set session_replication_role = replica;" + sql);
        await connection.ExecuteAsync("reset session_replication_role");
    }

    public async Task<T> AskAsync<T>(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql))!;
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
