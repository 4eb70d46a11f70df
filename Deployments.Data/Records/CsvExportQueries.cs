using System.Data;
using System.Text;
using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// Writes all records of a time as CSV, for auditors: PostgreSQL makes the text (COPY), and this program only passes it
/// on, which is several times as fast as reading rows and uses the same memory for ten records as for ten million.
/// </summary>
/// <param name="database">The connections of exports.</param>
public sealed class CsvExportQueries(ExportDatabase database)
{
    // So many are sorted in memory, and the first ones are on their way at once; much smaller pieces would look into
    // the dictionaries too often.
    const int PieceRows = 100_000;

    static readonly TimeSpan ReadPatience = TimeSpan.FromMinutes(10); // for one piece, on a busy machine

    static readonly byte[] Heading = Encoding.UTF8.GetBytes(
        string.Join(',', CsvColumn.All.Select(column => CsvCell.Write(column.Name))) + "\n");

    // COPY takes no parameters: the edges of the piece are settings of the transaction. Put together once, from fixed
    // texts.
    static readonly string Copy =
        $"copy (select {string.Join(", ", CsvColumn.All.Select(column => column.Sql))}\nfrom deployments d"
        + PageSql.Joins
        + """
        where (d.deployed_at, d.id)
                > (current_setting('export.after_at')::timestamptz, current_setting('export.after_id')::bigint)
          and (d.deployed_at, d.id)
                <= (current_setting('export.last_at')::timestamptz, current_setting('export.last_id')::bigint)
        order by d.deployed_at, d.id
        ) to stdout (format csv)
        """;

    /// <summary>Writes a heading and one row per record, oldest first, all of one moment.</summary>
    /// <param name="from">Records deployed at this time or later; null: from the first.</param>
    /// <param name="to">Records deployed before this time; null: to the last.</param>
    /// <param name="output">
    /// Where to: UTF-8, rows end in CR LF. What has been written when it fails is not whole.
    /// </param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>How many records.</returns>
    /// <exception cref="NpgsqlException">The database went away.</exception>
    public async Task<long> WriteAsync(
        DateTimeOffset? from, DateTimeOffset? to, Stream output, CancellationToken ct)
    {
        var rows = new CsvRowEnds(output);
        await rows.AddAsync(Heading, ct);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // Compiling the statement takes longer than it saves.
        await connection.ExecuteAsync(new CommandDefinition(
            "select set_config('jit', 'off', true)", transaction: snapshot, cancellationToken: ct));
        for (var after = new Edge(from, long.MinValue); ;)
        {
            var last = await LastOfPieceOrNullAsync(connection, snapshot, after, to, ct);
            await SetEdgesAsync(connection, snapshot, after, last ?? new Edge(to, long.MinValue), ct);
            await CopyAsync(connection, rows, ct);
            if (last is null)
                break;
            after = last;
        }

        await rows.FlushAsync(ct);
        return rows.Rows - 1;
    }

    static async Task<Edge?> LastOfPieceOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, Edge after, DateTimeOffset? to,
        CancellationToken ct) =>
        await connection.QuerySingleOrDefaultAsync<Edge>(new CommandDefinition(
            """
            select deployed_at, id
            from deployments
            where (deployed_at, id) > (coalesce(@DeployedAt::timestamptz, '-infinity'), @Id)
              and deployed_at < coalesce(@to::timestamptz, 'infinity')
            order by deployed_at, id
            offset @skip limit 1
            """,
            new { after.DeployedAt, after.Id, to, skip = PieceRows - 1 }, snapshot, commandTimeout: 300,
            cancellationToken: ct));

    static Task<int> SetEdgesAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, Edge after, Edge last, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            select set_config('export.after_at', coalesce(@afterAt::timestamptz, '-infinity')::text, true),
                   set_config('export.after_id', @afterId::bigint::text, true),
                   set_config('export.last_at', coalesce(@lastAt::timestamptz, 'infinity')::text, true),
                   set_config('export.last_id', @lastId::bigint::text, true)
            """,
            new { afterAt = after.DeployedAt, afterId = after.Id, lastAt = last.DeployedAt, lastId = last.Id },
            snapshot, cancellationToken: ct));

    static async Task CopyAsync(NpgsqlConnection connection, CsvRowEnds rows, CancellationToken ct)
    {
        using var copy = await connection.BeginTextExportAsync(Copy, ct);
        var bytes = copy.BaseStream; // UTF-8 already: nothing to decode
        bytes.ReadTimeout = (int)ReadPatience.TotalMilliseconds;
        var piece = new byte[CsvRowEnds.PieceMax];
        try
        {
            for (int read; (read = await bytes.ReadAsync(piece, ct)) > 0;)
                await rows.AddAsync(piece.AsMemory(0, read), ct);
        }
        catch
        {
            // Nobody reads on: PostgreSQL must not go on either.
            await copy.CancelAsync();
            throw;
        }
    }

    // A place between records, in the order of the file; without a time it is the beginning, or the end, of all.
    sealed record Edge
    {
        public Edge()
        {
        }

        public Edge(DateTimeOffset? deployedAt, long id) => (DeployedAt, Id) = (deployedAt, id);

        public DateTimeOffset? DeployedAt { get; init; }

        public long Id { get; init; }
    }
}
