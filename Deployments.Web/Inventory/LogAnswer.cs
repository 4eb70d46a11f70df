namespace Deployments.Web.Inventory;

/// <summary>What became of a log, in packages.</summary>
sealed class LogAnswer
{
    const int ErrorsListedMax = 100; // all are counted

    readonly List<InventoryError> errors = [];
    LogTransaction? last;

    /// <summary>How many transactions it told of, as far as they could be told apart.</summary>
    public long Transactions { get; private set; }

    /// <summary>Read.</summary>
    public long Read { get; set; }

    /// <summary>Recorded now.</summary>
    public long Recorded { get; set; }

    /// <summary>Noted as removed now.</summary>
    public long Removed { get; set; }

    /// <summary>Told before.</summary>
    public long Repeated { get; set; }

    /// <summary>Left out because other packages needed them.</summary>
    public long Automatic { get; set; }

    /// <summary>Left out because no feed knows them, or nothing of them was there.</summary>
    public long Unknown { get; set; }

    /// <summary>Transactions that failed, or have not ended.</summary>
    public long Unfinished { get; set; }

    /// <summary>What could not be read.</summary>
    public long Failed { get; private set; }

    /// <summary>The first of that.</summary>
    public IReadOnlyList<InventoryError> Errors => errors;

    public void Count(LogTransaction transaction)
    {
        if (last is null || transaction with { At = last.At } != last)
            Transactions++;
        last = transaction;
    }

    public void Fail(long line, string problem)
    {
        Failed++;
        if (errors.Count < ErrorsListedMax)
            errors.Add(new InventoryError(line, problem));
    }
}
