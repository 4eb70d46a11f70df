namespace Deployments.Data.Database;

/// <summary>
/// The one condition on the group of targets, with the parameter <c>targetGroup</c>: the key of a group's name, or
/// <see cref="None"/>; null: any.
/// </summary>
public static class TargetGroupSql
{
    /// <summary>Stands for the targets that are in no group; no group can be called so.</summary>
    public const string None = "-";

    /// <summary>A target <c>t</c>.</summary>
    internal const string Target =
        $"""
        (@targetGroup::text is null
            or t.target_group_id = (select g.target_group_id from target_groups g where g.name_key = @targetGroup)
            or @targetGroup = '{None}' and t.target_group_id is null)
        """;
}
