using Deployments.Data.Database;
using Deployments.Web.Accounts;

namespace Deployments.Web.Api;

/// <summary>
/// Lets a few exports run at once: each holds a database connection for as long as its client takes to read.
/// </summary>
sealed class ExportGate
{
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    int taken;

    /// <summary>Lets this request in until it ends; else the answer that tells it to come again.</summary>
    public IResult? RefusalOrNull(HttpContext context)
    {
        if (EnterOrNull() is { } place)
        {
            context.Response.RegisterForDispose(place);
            return null;
        }

        Refusals.SetRetryAfter(context, RetryAfter);
        return Results.Text(
            $"{ExportDatabase.ConnectionsMax} exports are under way already, and no more run at once. Try again in a "
            + "moment.", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>A place, to be given back by disposing it; null when all are taken.</summary>
    internal IDisposable? EnterOrNull()
    {
        if (Interlocked.Increment(ref taken) <= ExportDatabase.ConnectionsMax)
            return new Place(this);
        Interlocked.Decrement(ref taken);
        return null;
    }

    sealed class Place(ExportGate gate) : IDisposable
    {
        int isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isLeft, 1) == 0)
                Interlocked.Decrement(ref gate.taken);
        }
    }
}
