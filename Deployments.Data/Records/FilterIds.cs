using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// The names of a <see cref="RecordFilter"/> as dictionary ids. They are looked up first, so that PostgreSQL knows how
/// frequent each is when it plans which index the records are walked along.
/// </summary>
sealed record FilterIds
{
    /// <summary>More matching texts than this are compared record by record instead: they are found soon.</summary>
    const int TextsMax = 2000;

    /// <summary>How many packages or versions are each walked along their own stretch of an index.</summary>
    const int StretchesMax = 50;

    const string Sql =
        $"""
        with wanted_packages as materialized (
            select package_id from packages
            where (@name::text is null or name_key in (@name, @nameKey))
              and (@type::text is null or type = @type)
              and (@group::text is null or group_key in (@group, @groupKey))
        ),
        wanted_texts as materialized (
            select text_id from texts where name ilike @text limit @textsMax
        )
        select (select target_id from targets where name_key = @target) as target_id,
               case when @targetGroup::text is not null then
                   array(select t.target_id from targets t where {TargetGroupSql.Target}) end as target_ids,
               (select application_id from applications where name_key = @application) as application_id,
               (select user_id from users where name_key = @user) as user_id,
               case when @feed::text is not null or @visible::int[] is not null then
                   array(select f.feed_id from feeds f
                         where (@feed::text is null or lower(f.name) = lower(@feed)) and {VisibleSql.Feed})
                   end as feed_ids,
               case when coalesce(@name, @type, @group) is not null and @version::text is null then
                   array(select package_id from wanted_packages) end as package_ids,
               case when @version::text is not null then
                   array(select version_id from wanted_packages join package_versions using (package_id)
                         where version in (@version, @versionKey) or version_key in (@version, @versionKey))
                   end as version_ids,
               case when @text::text is not null then
                   array(select text_id from wanted_texts) end as description_ids,
               case when @text::text is not null then
                   array(select package_id from packages where name ilike @text) end as text_package_ids,
               case when @text::text is not null then
                   array(select target_id from targets where name ilike @text) end as text_target_ids
        """;

    /// <summary>Null when any target will do.</summary>
    public int? TargetId { get; init; }

    /// <summary>The targets of a group; null when no group is asked for.</summary>
    public int[]? TargetIds { get; init; }

    /// <summary>Null when any application will do.</summary>
    public int? ApplicationId { get; init; }

    /// <summary>Null when any user will do.</summary>
    public int? UserId { get; init; }

    /// <summary>
    /// The feed and deleted ones of the same name, of those that the reader sees; null when any will do.
    /// </summary>
    public int[]? FeedIds { get; init; }

    /// <summary>Null when any package will do, or when a version says which.</summary>
    public int[]? PackageIds { get; init; }

    /// <summary>Null when any version will do.</summary>
    public int[]? VersionIds { get; init; }

    /// <summary>The texts that contain the text looked for; null when none is, or when there are too many.</summary>
    public int[]? DescriptionIds { get; init; }

    /// <summary>The packages whose names contain the text looked for; null when none is.</summary>
    public int[]? TextPackageIds { get; init; }

    /// <summary>The targets whose names contain the text looked for; null when none is.</summary>
    public int[]? TextTargetIds { get; init; }

    /// <summary>Whether some index holds nothing but records of one wanted thing, ordered by hour.</summary>
    public bool IsByHour =>
        TargetId is not null || ApplicationId is not null || UserId is not null
        || FeedIds is [_] || PackageIds is [_] || VersionIds is [_] || TargetIds is [_];

    /// <summary>
    /// Several wanted versions, packages, targets or feeds, few enough to read a page of each and merge them; null when
    /// nothing calls for that.
    /// </summary>
    public int[]? Stretches =>
        !IsByHour && (VersionIds ?? PackageIds ?? TargetIds ?? FeedIds) is { Length: <= StretchesMax } several
            ? several
            : null;

    /// <summary>Looks the names up; null when one of them is unknown, so that no record can match.</summary>
    public static async Task<FilterIds?> FindOrNullAsync(
        NpgsqlConnection connection, RecordFilter filter, VisibleFeeds visible, CancellationToken ct,
        NpgsqlTransaction? transaction = null)
    {
        var ids = await connection.QuerySingleAsync<FilterIds>(new CommandDefinition(
            Sql,
            new
            {
                feed = filter.Feed,
                type = filter.Type,
                group = filter.Group,
                groupKey = KeyOrNull(filter.Group),
                name = filter.Name,
                nameKey = KeyOrNull(filter.Name),
                version = filter.Version,
                versionKey = KeyOrNull(filter.Version),
                target = KeyOrNull(filter.Target),
                targetGroup = KeyOrNull(filter.TargetGroup),
                application = KeyOrNull(filter.Application),
                user = KeyOrNull(filter.User),
                text = filter.Text is null ? null : Like.Containing(filter.Text),
                textsMax = TextsMax + 1,
                visible = visible.Ids,
            }, transaction, cancellationToken: ct));
        return filter.Target is not null && ids.TargetId is null
            || filter.Application is not null && ids.ApplicationId is null
            || filter.User is not null && ids.UserId is null
            || ids.TargetIds is [] || ids.FeedIds is [] || ids.PackageIds is [] || ids.VersionIds is []
            || ids is { DescriptionIds: [], TextPackageIds: [], TextTargetIds: [] }
                ? null
                : ids with { DescriptionIds = ids.DescriptionIds?.Length > TextsMax ? null : ids.DescriptionIds };
    }

    static string? KeyOrNull(string? name) => name is null ? null : Dictionaries.NameKey(name);
}
