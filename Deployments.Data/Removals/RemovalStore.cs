using Dapper;
using Deployments.Data.Ledger;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Removals;

/// <summary>
/// The single door through which a removal is born. A removal and what follows from it - the package no longer runs on
/// the target - are one transaction. See db/decisions/0018.
/// </summary>
/// <param name="database">The database.</param>
public sealed class RemovalStore(NpgsqlDataSource database)
{
    const int DeadlockRetries = 3;

    /// <summary>Writes one removal; when it returns, the removal is durable and visible.</summary>
    /// <param name="removal">What was said.</param>
    /// <param name="ct">Cancels before the commit; then nothing is written.</param>
    /// <exception cref="NpgsqlException">The database is away or refuses; nothing is written.</exception>
    public async Task<RemovalResult> RemoveAsync(NewRemoval removal, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(removal);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var result = await RemoveAsync(connection, transaction, removal, ct);
                if (result.Outcome == RemovalOutcome.Removed)
                    await transaction.CommitAsync(ct);
                return result;
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < DeadlockRetries)
            {
                // It met a batch of records with the same new names, and simply goes again.
            }
        }
    }

    /// <summary>
    /// The same within a transaction that writes more. It is to be rolled back when nothing was removed and nothing
    /// else needs it: names that were new are in the dictionaries already.
    /// </summary>
    internal static async Task<RemovalResult> RemoveAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewRemoval removal, CancellationToken ct)
    {
        // First the names and then the rows of installations, as records do: neither waits for the other in a circle.
        var names = await Names.ResolveAsync(removal, new Dictionaries(connection, transaction, ct));
        if (await LockAsync(connection, transaction, removal, ct) is not { } place)
            return new RemovalResult(RemovalOutcome.NeverThere, null);
        if (removal.RemovedAt is null && place.RemovalId is not null)
            return new RemovalResult(RemovalOutcome.Duplicate, place.RemovalId);

        // A record may be dated a little ahead; what is removed now was there before.
        var now = removal.RecordedAt < place.DeployedAt ? place.DeployedAt : removal.RecordedAt;
        var removedAt = (removal.RemovedAt ?? now).ToUniversalTime();
        if (removal.VersionKey is not null
            && !await RanAsync(connection, transaction, place, removal.VersionKey, removedAt, ct))
            return new RemovalResult(RemovalOutcome.OtherVersion, null);

        var digest = Digest(removal);
        if (await InsertAsync(connection, transaction, removal, names, place, removedAt, digest, ct) is not { } id)
            return new RemovalResult(
                RemovalOutcome.Duplicate,
                await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                    "select removal_id from removals where digest = @digest", new { digest }, transaction,
                    cancellationToken: ct)));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update installations
            set removal_id = @id, removed_at = @removedAt
            where target_id = @TargetId and package_id = @PackageId
              and @removedAt >= deployed_at and (removed_at is null or @removedAt < removed_at)
            """, new { id, removedAt, place.TargetId, place.PackageId }, transaction, cancellationToken: ct));
        await LedgerPending.AddAsync(connection, transaction, RemovalLedger.Instance, [id], ct);
        return new RemovalResult(RemovalOutcome.Removed, id);
    }

    /// <summary>
    /// What is known of the package on the target, locked against records and removals; null when nothing of it came
    /// there through the feed.
    /// </summary>
    static Task<Place?> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewRemoval removal, CancellationToken ct) =>
        connection.QuerySingleOrDefaultAsync<Place>(new CommandDefinition(
            """
            select i.target_id, i.package_id, i.deployed_at, i.removal_id
            from targets t
            join packages p on p.type = @Type and p.group_key = @GroupKey and p.name_key = @NameKey
            join installations i on i.target_id = t.target_id and i.package_id = p.package_id
            where t.name_key = @target and exists (
                select from deployments d
                where d.target_id = i.target_id and d.package_id = i.package_id and d.feed_id = @FeedId)
            for update of i
            """,
            new
            {
                removal.Package.Type,
                removal.Package.GroupKey,
                removal.Package.NameKey,
                target = Dictionaries.NameKey(removal.Target),
                removal.FeedId,
            }, transaction, cancellationToken: ct));

    static Task<bool> RanAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Place place, string versionKey, DateTimeOffset at,
        CancellationToken ct) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                select from (
                    select d.version_id
                    from deployments d
                    where d.target_id = @TargetId and d.package_id = @PackageId and d.deployed_at <= @at
                    order by d.deployed_at desc, d.id desc
                    limit 1
                ) d
                join package_versions v on v.version_id = d.version_id
                where v.version_key = @versionKey)
            """, new { place.TargetId, place.PackageId, at, versionKey }, transaction, cancellationToken: ct));

    static Task<long?> InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewRemoval removal, Names names, Place place,
        DateTimeOffset removedAt, Guid? digest, CancellationToken ct) =>
        connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            """
            insert into removals (
                removed_at, recorded_at, package_id, target_id, application_id, user_id, recorder_id, description_id,
                url_id, feed_id, road, client_address, digest)
            values (
                @removedAt, @recordedAt, @PackageId, @TargetId, @Application, @User, @Recorder, @Description, @Url,
                @FeedId, @road, @address::inet, @digest)
            on conflict do nothing
            returning removal_id
            """,
            new
            {
                removedAt,
                recordedAt = removal.RecordedAt.ToUniversalTime(),
                place.PackageId,
                place.TargetId,
                names.Application,
                names.User,
                names.Recorder,
                names.Description,
                names.Url,
                removal.FeedId,
                road = (short)removal.Road,
                address = removal.ClientAddress?.ToString(),
                digest,
            }, transaction, cancellationToken: ct));

    static Guid? Digest(NewRemoval removal) => removal.RemovedAt is not { } removedAt ? null : FieldsDigest.Of(
        [
            removal.Package.Type, removal.Package.GroupKey, removal.Package.NameKey, removal.Application,
            removal.Description, Dictionaries.NameKey(removal.Target), removal.Url ?? "", removal.UserName,
        ],
        [removal.FeedId, removedAt.UtcTicks]);

    sealed record Place
    {
        public int TargetId { get; init; }

        public int PackageId { get; init; }

        public DateTimeOffset DeployedAt { get; init; }

        public long? RemovalId { get; init; }
    }

    sealed record Names(int Application, int User, int Recorder, int Description, int? Url)
    {
        public static async Task<Names> ResolveAsync(NewRemoval removal, Dictionaries dictionaries)
        {
            var applications = await dictionaries.ApplicationsAsync([removal.Application]);
            var users = await dictionaries.UsersAsync([removal.UserName]);
            var recorders = await dictionaries.RecordersAsync([removal.Recorder]);
            var texts = await dictionaries.TextsAsync(
                removal.Url is null ? [removal.Description] : [removal.Description, removal.Url]);
            return new Names(
                applications.Values.Single().Id, users.Values.Single().Id, recorders.Values.Single().Id,
                texts[removal.Description], removal.Url is null ? null : texts[removal.Url]);
        }
    }
}
