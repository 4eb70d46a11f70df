namespace Deployments.Data.Records;

/// <summary>
/// The statements that read a page of records along one index, towards older and towards newer ones. Put together
/// once, when the program starts, from fixed texts: nothing a client sends becomes part of them.
/// </summary>
sealed class PageSql
{
    /// <summary>What a <see cref="RecordRow"/> is read from.</summary>
    public const string Columns =
        """
        select d.id, d.deployed_at, d.recorded_at, feeds.name as feed, feeds.feed_type, packages.type,
               packages.group_name as "group", packages.name, d.version_id, package_versions.version,
               package_versions.qualifier, applications.name as application,
               descriptions.name as description, targets.name as target, urls.name as url, users.name as "user",
               recorders.name as recorded_by, d.road, host(d.client_address) as client_address,
               agents.name as user_agent, d.raw_headers
        """;

    /// <summary>The dictionaries of the records <c>d</c>.</summary>
    public const string Joins =
        """

        join feeds using (feed_id)
        join packages on packages.package_id = d.package_id
        join package_versions on package_versions.version_id = d.version_id
        join targets on targets.target_id = d.target_id
        join applications on applications.application_id = d.application_id
        join users on users.user_id = d.user_id
        join recorders on recorders.recorder_id = d.recorder_id
        join texts descriptions on descriptions.text_id = d.description_id
        left join texts urls on urls.text_id = d.url_id
        left join texts agents on agents.text_id = d.user_agent_id

        """;

    // PostgreSQL sees the values when it plans, and forgets the conditions that are null.
    const string Conditions =
        """
            (@fromHour::int is null or d.deployed_hour >= @fromHour and d.deployed_at >= @from::timestamptz)
        and (@toHour::int is null or d.deployed_hour <= @toHour and d.deployed_at < @to::timestamptz)
        and (@target::int is null or d.target_id = @target)
        and (@groupTarget::int is null or d.target_id = @groupTarget)
        and (@groupTargets::int[] is null or d.target_id = any (@groupTargets))
        and (@application::int is null or d.application_id = @application)
        and (@user::int is null or d.user_id = @user)
        and (@feed::int is null or d.feed_id = @feed)
        and (@feeds::int[] is null or d.feed_id = any (@feeds))
        and (@package::int is null or d.package_id = @package)
        and (@packages::int[] is null or d.package_id = any (@packages))
        and (@version::int is null or d.version_id = @version)
        and (@versions::int[] is null or d.version_id = any (@versions))
        and (@textPackages::int[] is null
             or d.package_id = any (@textPackages)
             or d.target_id = any (@textTargets)
             or d.description_id = any (@descriptions)
             or @descriptions::int[] is null
                and (select name from texts where text_id = d.description_id) ilike @text)
        """;

    const string BeforeCursor =
        """

        and (@cursorHour::int is null
             or d.deployed_hour <= @cursorHour and (d.deployed_at, d.id) < (@cursorAt::timestamptz, @cursorId::bigint))
        """;

    const string AfterCursor =
        """

        and d.deployed_hour >= @cursorHour::int
        and (d.deployed_at, d.id) > (@cursorAt::timestamptz, @cursorId::bigint)
        """;

    static readonly PageSql ByDate = new(byHour: false);
    static readonly PageSql ByHour = new(byHour: true);
    static readonly PageSql ByVersions = new(byHour: true, "d.version_id = wanted.id");
    static readonly PageSql ByPackages = new(byHour: true, "d.package_id = wanted.id");
    static readonly PageSql ByTargets = new(byHour: true, "d.target_id = wanted.id");
    static readonly PageSql ByFeeds = new(byHour: true, "d.feed_id = wanted.id");

    PageSql(bool byHour, string? stretch = null)
    {
        // The same order either way, written so that it is that of the index.
        var older = (byHour ? "d.deployed_hour desc, " : "") + "d.deployed_at desc, d.id desc";
        var newer = (byHour ? "d.deployed_hour, " : "") + "d.deployed_at, d.id";
        Older = Compose(stretch, Conditions + BeforeCursor, older);
        Newer = Compose(stretch, Conditions + AfterCursor, newer);
    }

    /// <summary>The page on the older side of the cursor, newest first.</summary>
    public string Older { get; }

    /// <summary>The page on the newer side of the cursor, newest first as well.</summary>
    public string Newer { get; }

    /// <summary>
    /// The statements for what is wanted. One version, package, feed, target, application or user each has an index by
    /// hour. Of several (targets too, those of a group), each is walked along its own stretch and the stretches are
    /// merged (parameter <c>stretches</c>, in place of their own one).
    /// </summary>
    public static PageSql For(FilterIds ids) => ids switch
    {
        { Stretches: null, IsByHour: true } => ByHour,
        { Stretches: null } => ByDate,
        { VersionIds: not null } => ByVersions,
        { PackageIds: not null } => ByPackages,
        { TargetIds: not null } => ByTargets,
        _ => ByFeeds,
    };

    static string Compose(string? stretch, string conditions, string order) => $"""
        {Columns}
        from (
            select d.*
            {(stretch is null ? FromAll(conditions) : FromStretches(stretch, conditions, order))}
            order by {order}
            limit @take::int
        ) d
        {Joins}
        order by d.deployed_at desc, d.id desc
        """;

    static string FromAll(string conditions) => $"""
        from deployments d
        where {conditions}
        """;

    static string FromStretches(string stretch, string conditions, string order) => $"""
        from unnest(@stretches::int[]) as wanted (id)
        cross join lateral (
            select * from deployments d
            where {stretch} and {conditions}
            order by {order}
            limit @take::int
        ) d
        """;
}
