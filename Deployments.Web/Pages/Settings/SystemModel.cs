using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Inbox;
using Deployments.Data.Jobs;
using Deployments.Data.Records;
using Deployments.Web.Jobs;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Settings;

/// <summary>How the program is: nodes, database, queues, settings in force.</summary>
public sealed class SystemModel(
    DatabaseQueries database, NodeQueries nodes, JobQueue jobs,
    DashboardQueries dashboard, SettingsInForce settings, ThisNode node, TimeProvider time) : PageModel
{
    /// <summary>Nodes silent for longer are no longer shown.</summary>
    static readonly TimeSpan NodesSince = TimeSpan.FromDays(1);

    /// <summary>The database.</summary>
    public DatabaseCondition Database { get; private set; } = null!;

    /// <summary>The nodes of the last day.</summary>
    public IReadOnlyList<Node> Nodes { get; private set; } = [];

    /// <summary>Rejected records that wait for somebody.</summary>
    public long Rejected { get; private set; }

    /// <summary>The settings of this node.</summary>
    public IReadOnlyList<SettingInForce> Settings => settings.All;

    /// <summary>The node that answers.</summary>
    public ThisNode ThisNode => node;

    /// <summary>The time of this answer.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>What somebody should look at; empty when all is well.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Now = time.GetUtcNow();
        Database = await database.ConditionAsync(ct);
        Nodes = await nodes.SeenAsync(Now - NodesSince, ct);
        Rejected = (await dashboard.WaitingAsync(VisibleFeeds.All, ct)).Rejected;
        Problems = [.. ProblemsOf(Database, Nodes, jobs.Rows(), Now)];
    }

    internal static IEnumerable<string> ProblemsOf(
        DatabaseCondition database, IReadOnlyList<Node> nodes, IEnumerable<JobRow> jobs, DateTimeOffset now)
    {
        if (database.IsStandby)
            yield return "The database is a standby: nothing can be written.";
        if (database.InboxOldestAt < now - InboxStore.Patience)
            yield return "The oldest entry of the inbox has waited for more than a minute: see the job drain-inbox.";
        foreach (var row in jobs.Where(row => row.Last is { State: JobRunState.Failed }))
            yield return $"The job {row.Job.Name} failed when it last ran: {row.Last!.Message}";
        foreach (var node in nodes.Where(node => node.IsSilent(now)))
            yield return $"The node {node.Name} (process {node.ProcessId}) has not been heard of for two minutes: "
                + "it was killed, or has lost the database.";
        foreach (var node in nodes.Where(node => node.JournalBytes > 0))
            yield return $"The journal of {node.Name} holds records that the database has not taken yet.";
        foreach (var node in nodes.Where(node => node.RefusedBytes > 0))
            yield return $"The database has refused records of the journal of {node.Name}; "
                + "they are kept in journal.refused in its data directory.";
        foreach (var node in nodes.Where(node => node.DiskFreeBytes < node.DiskBytes / 20))
            yield return $"Less than 5 % of the disk of {node.Name} is free.";
    }
}
