using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Removals;

/// <summary>The filter of removals as it stands in a query string; page, API and CSV read it alike.</summary>
static class RemovalQuery
{
    /// <summary>Reads the conditions of records, less those that removals do not have.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="types">Translates the names of feed types into package types.</param>
    /// <param name="limit">The page size when none is given.</param>
    /// <param name="now">The time that a period is counted from.</param>
    public static RecordQuery Read(IQueryCollection query, FeedTypeCatalog types, int limit, DateTimeOffset now)
    {
        var read = RecordQuery.Read(query, types, limit, now);
        foreach (var (name, _, _) in read.Given.Given.Where(given => given.Name is "version" or "text"))
            read.Given.AddError(name, "is no condition on removals");
        return read;
    }
}
