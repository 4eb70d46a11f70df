namespace Deployments.Data.Database;

/// <summary>Patterns for <c>like</c> and <c>ilike</c>.</summary>
static class Like
{
    /// <summary>Anything that contains the text, whose own wildcards are ordinary characters.</summary>
    public static string Containing(string text) =>
        "%" + text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal)
            .Replace("_", @"\_", StringComparison.Ordinal) + "%";
}
