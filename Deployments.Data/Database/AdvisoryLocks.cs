namespace Deployments.Data.Database;

/// <summary>
/// The numbers of the advisory locks that all nodes share. Any will do, as long as no two are equal and every version
/// of this program uses the same.
/// </summary>
static class AdvisoryLocks
{
    public const long Migrations = 862_401;
    public const long Drain = 862_402;
    public const long Retention = 862_403;
    public const long PackIndexes = 862_404;
    public const long KeyRing = 862_405;
    public const long WakeDrain = 862_406;

    /// <summary>Held together by those who add targets, alone by who changes groups; also in migration 0042.</summary>
    public const long TargetGroups = 862_407;

    /// <summary>Held by who adds entries to the ledger.</summary>
    public const long Ledger = 862_408;

    public const long Findings = 7_482_011;

    /// <summary>The first half of a lock of two; the second is the connection.</summary>
    public const int OctopusTurn = 862_410;
}
