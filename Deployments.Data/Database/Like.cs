namespace Deployments.Data.Database;

/// <summary>Patterns for <c>like</c> and <c>ilike</c>.</summary>
static class Like
{
    /// <summary>Anything that contains the text, whose own wildcards are ordinary characters.</summary>
    public static string Containing(string text) => "%" + Escape(text) + "%";

    /// <summary>The text itself, where <c>*</c> stands for any text; null for null.</summary>
    public static string? Matching(string? pattern) =>
        pattern is null ? null : Escape(pattern).Replace('*', '%');

    /// <summary>The text itself, where <c>*</c> stands for any text and <c>?</c> for one character.</summary>
    public static string Wildcards(string pattern) => Escape(pattern).Replace('*', '%').Replace('?', '_');

    static string Escape(string text) =>
        text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal)
            .Replace("_", @"\_", StringComparison.Ordinal);
}
