namespace Deployments.Web.Jobs;

/// <summary>The timetable: everything that runs in the background, and when.</summary>
static class Timetable
{
    public static readonly ScheduledJob[] Lines =
    [
        // The alarm calls it as soon as something is in the inbox; the timetable is the safety net.
        new(DrainInboxJob.Name, Every: TimeSpan.FromSeconds(10), typeof(DrainInboxJob),
            Does: "Turns tagged downloads that wait in the inbox into deployment records; woken as soon as one waits."),
        new(ApplyRetentionJob.Name, Every: TimeSpan.FromDays(1), typeof(ApplyRetentionJob),
            Does: "Removes the deployment records that an active retention rule says are old enough.",
            At: new TimeOnly(2, 30)),
        new(KeepLedgerJob.Name, Every: TimeSpan.FromSeconds(10), typeof(KeepLedgerJob),
            Does: "Chains what was just written into the ledger, and seals what was there before it."),
        new(VerifyLedgerJob.Name, Every: TimeSpan.FromDays(1), typeof(VerifyLedgerJob),
            Does: "Checks every record, removal, decision and administrative change against the ledger.",
            At: new TimeOnly(1, 30)),
        new(AnchorLedgerJob.Name, Every: TimeSpan.FromHours(1), typeof(AnchorLedgerJob),
            Does: "Notes what the ledger is in a file or by a webhook, where the settings name them."),
        new(PruneNodesJob.Name, Every: TimeSpan.FromDays(1), typeof(PruneNodesJob),
            Does: "Forgets nodes that have not been seen for a month.",
            At: new TimeOnly(3, 0)),
        new(PackIndexesJob.Name, Every: TimeSpan.FromDays(1), typeof(PackIndexesJob),
            Does: "Rebuilds the indexes of the deployment records, beside the traffic, when they have grown loose.",
            At: new TimeOnly(4, 0)),
        new(CountDaysJob.Name, Every: TimeSpan.FromMinutes(1), typeof(CountDaysJob),
            Does: "Counts the deployments of days for the calendar, newest days first."),
        new(CountArrivalsJob.Name, Every: TimeSpan.FromMinutes(1), typeof(CountArrivalsJob),
            Does: "Works out when versions came to groups of targets, for the figures, package by package."),
        new(FetchAdvisoriesJob.Name, Every: TimeSpan.FromHours(1), typeof(FetchAdvisoriesJob),
            Does: "Fetches advisories from the sources that administrators have set, and finds out what they affect."),
        new(MatchDistributionsJob.Name, Every: TimeSpan.FromSeconds(20), typeof(MatchDistributionsJob),
            Does: "Finds out what advisories say of packages whose feed serves another distribution than it did."),
        new(GuessDistributionsJob.Name, Every: TimeSpan.FromHours(1), typeof(GuessDistributionsJob),
            Does: "Proposes which distribution a feed serves, by its repository's metadata, where nobody has said it."),
        new(DeliverNotificationsJob.Name, Every: TimeSpan.FromSeconds(10), typeof(DeliverNotificationsJob),
            Does: "Sends the webhooks and mails that notification rules ask for, and those that failed again."),
        new(PollOctopusJob.Name, Every: TimeSpan.FromSeconds(10), typeof(PollOctopusJob),
            Does: "Records what Octopus servers have deployed: those told of at once, and every minute all others."),
        new(PruneNotificationsJob.Name, Every: TimeSpan.FromDays(1), typeof(PruneNotificationsJob),
            Does: "Forgets notifications that were delivered or given up 90 days ago.",
            At: new TimeOnly(3, 15)),
    ];
}
