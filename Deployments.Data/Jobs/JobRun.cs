namespace Deployments.Data.Jobs;

/// <summary>A run of a background job, or a minute of runs of one that runs all day.</summary>
public sealed record JobRun
{
    /// <summary>Grows with the time at which it was written down.</summary>
    public long JobRunId { get; init; }

    /// <summary>Name of the job.</summary>
    public string Job { get; init; } = "";

    /// <summary>The machine it ran on.</summary>
    public string Node { get; init; } = "";

    /// <summary>When it began; of several runs the first.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; of several runs the last. Null: it runs, or its node was killed.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it went.</summary>
    public JobRunState State { get; init; }

    /// <summary>How many runs these are: at least 1.</summary>
    public int Runs { get; init; } = 1;

    /// <summary>How many things were worked on.</summary>
    public long Items { get; init; }

    /// <summary>Milliseconds spent in the runs, together; 0 while it runs.</summary>
    public long TookMs { get; init; }

    /// <summary>What it did, or why it failed; null when there is nothing to say.</summary>
    public string? Message { get; init; }
}

/// <summary>How a run went.</summary>
public enum JobRunState
{
    /// <summary>It is under way.</summary>
    Running,

    /// <summary>Its node was killed, or lost the database, while it ran.</summary>
    Lost,

    /// <summary>It did its work.</summary>
    Ok,

    /// <summary>It failed; the message says why.</summary>
    Failed,

    /// <summary>Its node was shut down while it ran; the work goes on at the next run.</summary>
    Stopped,
}

/// <summary>The end of a run, or of several.</summary>
/// <param name="Ok">False: it failed, or (of several) one failed.</param>
/// <param name="Items">How many things were worked on.</param>
/// <param name="TookMs">Milliseconds spent.</param>
/// <param name="Message">What it did or why it failed; cut after 2,000 characters. Null: nothing to say.</param>
public sealed record JobRunEnd(bool Ok, long Items, long TookMs, string? Message)
{
    /// <summary>Whether the node was shut down meanwhile.</summary>
    public bool Stopped { get; init; }
}
