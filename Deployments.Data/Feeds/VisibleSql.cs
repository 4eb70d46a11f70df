namespace Deployments.Data.Feeds;

/// <summary>
/// The one condition on what a caller sees, for each thing a statement may read: by the alias that the thing has there,
/// with the parameter <c>visible</c> (<see cref="VisibleFeeds.Ids"/>).
/// </summary>
/// <remarks>
/// A thing is seen by its records: one that came through a visible feed, and of what runs now the one that says so.
/// Statements are planned with the values at hand, so that for somebody who sees everything nothing is left of these.
/// </remarks>
static class VisibleSql
{
    /// <summary>A feed <c>f</c>.</summary>
    public const string Feed = "(@visible::int[] is null or f.feed_id = any (@visible))";

    /// <summary>A record <c>d</c>, or what has yet to become one.</summary>
    public const string Record = "(@visible::int[] is null or d.feed_id = any (@visible))";

    /// <summary>
    /// What runs now, <c>i</c>. Where an invisible record is the newest nothing is seen: an older one would be untrue.
    /// Records are looked at only of packages that came through visible feeds and through others.
    /// </summary>
    public const string Installation =
        """
        (@visible::int[] is null
            or exists (
                select from feed_packages through
                where through.package_id = i.package_id and through.feed_id = any (@visible))
            and (not exists (
                    select from feed_packages hidden
                    where hidden.package_id = i.package_id and hidden.feed_id <> all (@visible))
                or (select shown.feed_id from deployments shown where shown.id = i.deployment_id) = any (@visible)))
        """;

    /// <summary>A package <c>p</c>.</summary>
    public const string Package =
        """
        (@visible::int[] is null or exists (
            select from feed_packages shown where shown.package_id = p.package_id and shown.feed_id = any (@visible)))
        """;

    /// <summary>
    /// What was seen, <c>o</c>: of packages that came through visible feeds alone. A machine does not say through which
    /// feed it got a version.
    /// </summary>
    public const string Observation =
        """
        (@visible::int[] is null
            or exists (
                select from feed_packages shown
                where shown.package_id = o.package_id and shown.feed_id = any (@visible))
            and not exists (
                select from feed_packages hidden
                where hidden.package_id = o.package_id and hidden.feed_id <> all (@visible)))
        """;

    /// <summary>A version <c>v</c> of a package.</summary>
    public const string Version =
        """
        (@visible::int[] is null
            or exists (
                select from feed_packages shown
                where shown.package_id = v.package_id and shown.feed_id = any (@visible))
            and exists (
                select from deployments shown
                where shown.version_id = v.version_id and shown.feed_id = any (@visible)))
        """;

    /// <summary>What an advisory says, <c>f</c>, of a version.</summary>
    public const string Finding =
        $"""
        (@visible::int[] is null or exists (
            select from package_versions v where v.version_id = f.version_id and {Version}))
        """;

    /// <summary>A target <c>t</c>. What was ever there is among what runs there, package by package.</summary>
    public const string Target =
        """
        (@visible::int[] is null or exists (
            select from installations there
            join feed_packages through on through.package_id = there.package_id and through.feed_id = any (@visible)
            where there.target_id = t.target_id and exists (
                select from deployments shown
                where shown.target_id = there.target_id and shown.package_id = there.package_id
                  and shown.feed_id = any (@visible))))
        """;

    /// <summary>An application <c>a</c>, by its newest records: looking on would have no end.</summary>
    public const string Application =
        """
        (@visible::int[] is null or exists (
            select from (
                select d.feed_id from deployments d
                where d.application_id = a.application_id
                order by d.deployed_hour desc
                limit 10000
            ) shown where shown.feed_id = any (@visible)))
        """;

    /// <summary>A person <c>u</c>, by their newest records: looking on would have no end.</summary>
    public const string User =
        """
        (@visible::int[] is null or exists (
            select from (
                select d.feed_id from deployments d
                where d.user_id = u.user_id
                order by d.deployed_hour desc
                limit 10000
            ) shown where shown.feed_id = any (@visible)))
        """;

    /// <summary>A decision <c>s</c>: its package and its target, where it names them.</summary>
    public const string Assessment =
        $"""
        (@visible::int[] is null
            or (s.package_id is null
                or exists (select from packages p where p.package_id = s.package_id and {Package}))
            and (s.target_id is null
                or exists (select from targets t where t.target_id = s.target_id and {Target})))
        """;
}
