using System.Data.Common;
using System.Diagnostics;
using Deployments.Data.Database;
using Deployments.Data.Inbox;
using Deployments.Data.Telemetry;
using Deployments.Web.Records;

namespace Deployments.Web.Jobs;

/// <summary>
/// Turns what waits in the inbox into deployment records and rejected records, each entry exactly once.
/// </summary>
/// <param name="inbox">Claims, records and commits a batch.</param>
/// <param name="factory">Says what an entry means.</param>
/// <param name="logger">For entries that cannot be recorded.</param>
public sealed class InboxDrainer(InboxStore inbox, RecordFactory factory, ILogger<InboxDrainer> logger)
{
    const int BatchRows = 5000; // costs few statements, holds its locks for a fraction of a second

    /// <summary>
    /// Drains; goes on at once only after a full batch. A handful that came meanwhile waits for the next wake-up, with
    /// what comes with it: a batch costs some sixteen statements, however few entries are in it.
    /// </summary>
    /// <returns>How many entries were processed.</returns>
    /// <exception cref="DbException">The database is away; what is not processed stays in the inbox.</exception>
    public async Task<int> RunOnceAsync(CancellationToken ct)
    {
        var total = 0;
        int drained;
        do
        {
            drained = await DrainBatchAsync(ct);
            total += drained;
        }
        while (drained == BatchRows);
        return total;
    }

    async Task<int> DrainBatchAsync(CancellationToken ct)
    {
        var (began, drained, isOk) = (Stopwatch.GetTimestamp(), 0, false);
        try
        {
            drained = await DrainWholeOrOneByOneAsync(ct);
            isOk = true;
            return drained;
        }
        finally
        {
            if (drained > 0 || !isOk)
                Measures.Drained(drained, isOk, began);
        }
    }

    async Task<int> DrainWholeOrOneByOneAsync(CancellationToken ct)
    {
        try
        {
            return await inbox.DrainAsync(BatchRows, factory.Interpret, ct);
        }
        catch (DbException exception) when (DatabaseFaults.IsAboutTheData(exception))
        {
            logger.LogError(exception, "A batch of the inbox cannot be recorded; its entries are tried one by one");
            return await DrainOneByOneAsync(ct);
        }
    }

    /// <summary>
    /// One entry that the database refuses must not hold up the others: it becomes a rejected record.
    /// </summary>
    async Task<int> DrainOneByOneAsync(CancellationToken ct)
    {
        for (var count = 0; ; count++)
        {
            long id = 0;
            try
            {
                var drained = await inbox.DrainAsync(1, row =>
                {
                    id = row.Id;
                    return factory.Interpret(row);
                }, ct);
                if (drained == 0 || count == BatchRows)
                    return count;
            }
            catch (DbException exception) when (DatabaseFaults.IsAboutTheData(exception) && id != 0)
            {
                logger.LogError(exception, "Inbox entry {Id} cannot be recorded; it is rejected", id);
                await inbox.DrainAsync(1, row => row.Id == id
                    ? RecordFactory.Reject(row, $"The record could not be stored: {exception.Message}")
                    : factory.Interpret(row), ct);
            }
        }
    }
}
