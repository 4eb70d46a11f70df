namespace Deployments.Data.Records;

/// <summary>
/// The two statements that read a page of records along one index, towards older and towards newer ones. Put together
/// once, when the program starts, from fixed texts: nothing a client sends becomes part of them.
/// </summary>
/// <param name="source">
/// Where the records come from, up to the conditions. Where it reads several stretches of an index, each stretch is
/// ordered and limited by itself, so that no more than a page of each is read.
/// </param>
sealed class PageSql(string source)
{
    /// <summary>What a <see cref="RecordRow"/> is read from.</summary>
    public const string Columns =
        """
        select d.id, d.deployed_at, d.recorded_at, feeds.name as feed, feeds.feed_type, packages.type,
               packages.group_name as "group", packages.name, package_versions.version,
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

    // Only statements that name packages look at wanted_packages; PostgreSQL does not compute it for the others.
    const string Names =
        """
        with wanted_packages as (
            select package_id from packages
            where (@name::text is null or name_key in (@name, @nameKey))
              and (@type::text is null or type = @type)
              and (@group::text is null or group_key in (@group, @groupKey))
        )
        """;

    const string Conditions =
        """
            d.deployed_at >= coalesce(@from::timestamptz, '-infinity')
        and d.deployed_at < coalesce(@to::timestamptz, 'infinity')
        and (@target::text is null or d.target_id = (select target_id from targets where name_key = @target))
        and (@application::text is null
             or d.application_id = (select application_id from applications where name_key = @application))
        and (@user::text is null or d.user_id = (select user_id from users where name_key = @user))
        and (@feed::text is null or d.feed_id in (select feed_id from feeds where lower(name) = lower(@feed)))
        and (@type::text is null and @group::text is null or d.package_id in (select package_id from wanted_packages))
        and (@text::text is null
             or d.description_id in (select text_id from texts where name ilike @text)
             or d.package_id in (select package_id from packages where name ilike @text)
             or d.target_id in (select target_id from targets where name ilike @text))
        """;

    const string TowardsOlder =
        """

        and (d.deployed_at, d.id) < (coalesce(@cursorAt::timestamptz, 'infinity'), coalesce(@cursorId::bigint, 0))
        """;

    const string TowardsNewer =
        """

        and (d.deployed_at, d.id) > (coalesce(@cursorAt::timestamptz, '-infinity'), coalesce(@cursorId::bigint, 0))
        """;

    const string NewestFirst = "order by d.deployed_at desc, d.id desc limit @take::int";
    const string OldestFirst = "order by d.deployed_at, d.id limit @take::int";

    /// <summary>The page on the older side of the cursor, newest first.</summary>
    public string Older { get; } = Compose(source, Conditions + TowardsOlder, NewestFirst);

    /// <summary>The page on the newer side of the cursor, newest first as well.</summary>
    public string Newer { get; } = Compose(source, Conditions + TowardsNewer, OldestFirst);

    static string Compose(string source, string conditions, string order)
    {
        var isNested = source.Contains("/*conditions*/", StringComparison.Ordinal);
        var filled = source
            .Replace("/*conditions*/", conditions, StringComparison.Ordinal)
            .Replace("/*order*/", order, StringComparison.Ordinal);
        return $"""
            {Names}
            {Columns}
            from (
                select d.* {filled} {(isNested ? "true" : conditions)}
                {order}
            ) d
            {Joins}
            order by d.deployed_at desc, d.id desc
            """;
    }
}
