namespace Deployments.Web.Settings;

/// <summary>Lists of groups or roles as settings have them.</summary>
static class RoleNames
{
    /// <summary>The names in a list that is parted by semicolons, since a directory's names have commas.</summary>
    public static IReadOnlyList<string> Split(string? text) =>
        (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
