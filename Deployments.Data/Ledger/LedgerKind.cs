namespace Deployments.Data.Ledger;

/// <summary>What an entry of the ledger covers. Stored as a number: never renumber.</summary>
public enum LedgerKind
{
    /// <summary>Deployment records.</summary>
    Record = 1,

    /// <summary>Removals.</summary>
    Removal = 2,

    /// <summary>Decisions about vulnerabilities.</summary>
    Assessment = 3,

    /// <summary>That such decisions were taken back.</summary>
    AssessmentRevocation = 4,

    /// <summary>Decisions that a difference from the records is right.</summary>
    Acceptance = 5,

    /// <summary>That such decisions were taken back.</summary>
    AcceptanceRevocation = 6,

    /// <summary>Administrative changes: the audit log.</summary>
    Change = 7,

    /// <summary>That records were deleted by a rule, with what is left of them.</summary>
    Tombstone = 8,
}

/// <summary>How an entry came to be. Stored as a number: never renumber.</summary>
public enum LedgerOrigin
{
    /// <summary>Its leaves were written by the transactions that wrote the rows.</summary>
    Written = 1,

    /// <summary>Its rows were there before the ledger and were sealed later.</summary>
    Sealed = 2,

    /// <summary>It says that everything from before the ledger is sealed; it has no rows.</summary>
    SealingEnded = 3,
}
