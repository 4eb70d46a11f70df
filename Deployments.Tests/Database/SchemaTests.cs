using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Database;

/// <summary>db/schema.sql says what the migrations make, and what they make keeps the rules of db/README.md.</summary>
public sealed partial class SchemaTests
{
    const string UpdateSwitch = "UPDATE_SCHEMA";

    // Its table is made by the Migrator, which says what it is.
    const string MigrationsTable = "schema_migrations";

    static readonly string SchemaFile = Path.Combine(Repository.Root, "db", "schema.sql");

    const string FeedsStay = "a feed that has recorded something is marked deleted, never removed";

    const string FewRows = "a table of a few hundred rows is read whole";

    static readonly Dictionary<string, string> ForeignKeysWithoutIndex = new(StringComparer.Ordinal)
    {
        ["api_keys.account_id"] = FewRows,
        ["api_keys.feed_id"] = FewRows,
        ["retention_rules.feed_id"] = FewRows,
        ["notification_rules.feed_id"] = FewRows,
        ["rejected_records.feed_id"] = FeedsStay,
    };

    [Fact]
    public async Task Schema_file_is_what_the_migrations_make()
    {
        await using var database = await TestDatabase.CreateAsync();
        var dump = await MadeAsync(database);
        if (Environment.GetEnvironmentVariable(UpdateSwitch) is "1")
            await File.WriteAllTextAsync(SchemaFile, dump);

        var file = await FileAsync();

        Assert.True(dump == file,
            $"db/schema.sql is not what the migrations make; {FirstDifference(dump, file)}\n"
            + $"If that is meant: {UpdateSwitch}=1 dotnet test --filter SchemaTests, then commit the file with them.");
    }

    [Fact]
    public async Task Times_are_timestamptz() => Offenders.AssertNone(await ListAsync(
        """
        select format('%s.%s is %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        join pg_type t on t.oid = a.atttypid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
          and a.attnum > 0 and not a.attisdropped
          and (t.typcategory in ('D', 'T') and t.typname <> 'interval' or a.attname like '%\_at')
          and t.typname <> 'timestamptz'
        order by 1
        """));

    [Fact]
    public async Task Tables_have_a_primary_key() => Offenders.AssertNone(await ListAsync(
        """
        select c.relname
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
          and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p')
        order by 1
        """));

    [Fact]
    public async Task Tables_say_what_they_are() => Assert.Equal([MigrationsTable], await ListAsync(
        """
        select c.relname
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
          and obj_description(c.oid, 'pg_class') is null
        order by 1
        """));

    // The columns of a foreign key must be the first ones, in any order, of an index over all rows: removing what it
    // refers to would read the whole table otherwise. An exception that has become none must leave the list.
    [Fact]
    public async Task Foreign_keys_have_an_index_or_a_reason()
    {
        var without = await ListAsync(
            """
            select format('%s.%s', c.relname, string_agg(a.attname, '+' order by a.attnum))
            from pg_constraint k
            join pg_class c on c.oid = k.conrelid
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
            where k.contype = 'f' and c.relnamespace = 'public'::regnamespace
              and not exists (
                select
                from pg_index i
                where i.indrelid = k.conrelid and i.indpred is null
                  and k.conkey <@ (i.indkey::int2[])[0:cardinality(k.conkey) - 1])
            group by k.oid, c.relname
            order by 1
            """);

        Offenders.AssertNone(without.Except(ForeignKeysWithoutIndex.Keys));
        Offenders.AssertNone(ForeignKeysWithoutIndex.Keys.Except(without));
    }

    [Fact]
    public void Migrations_are_numbered_and_named_by_rule() => Assert.All(
        Repository.FilesIn("db/migrations", ".sql"),
        file => Assert.Matches("^[0-9]{4}_[a-z]+(_[a-z0-9]+)+[.]sql$", Path.GetFileName(file.Path)));

    /// <summary>What the file says; empty when there is none.</summary>
    internal static async Task<string> FileAsync() =>
        File.Exists(SchemaFile) ? (await File.ReadAllTextAsync(SchemaFile)).ReplaceLineEndings("\n") : "";

    /// <summary>The schema of a database, as the file would say it.</summary>
    internal static async Task<string> MadeAsync(TestDatabase database) =>
        Normalize(await DumpAsync(database.ConnectionString));

    static async Task<IReadOnlyList<string>> ListAsync(string sql)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var command = database.DataSource.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var list = new List<string>();
        while (await reader.ReadAsync())
            list.Add(reader.GetString(0));
        return list;
    }

    static async Task<string> DumpAsync(string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        using var process = Process.Start(new ProcessStartInfo(
            Path.Combine(PostgresServer.Programs, "pg_dump"),
            [
                "--schema-only", "--no-owner", "--no-privileges", "--schema=public",
                "--host=" + connection.Host, "--username=" + connection.Username, connection.Database!,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var problem = process.StandardError.ReadToEndAsync();
        var dump = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await problem);
        return dump;
    }

    /// <summary>Without what depends on the version of pg_dump or says nothing.</summary>
    static string Normalize(string dump)
    {
        var schema = new StringBuilder(
            """
            -- What the migrations make: generated (see README.md), for readers and for the review of a change.


            """.ReplaceLineEndings("\n"));
        var blank = true;
        foreach (var line in dump.ReplaceLineEndings("\n").Split('\n').Where(line => !Noise().IsMatch(line)))
        {
            if (line.Length > 0 || !blank)
                schema.Append(line).Append('\n');
            blank = line.Length == 0;
        }

        return schema.ToString().TrimEnd('\n') + "\n";
    }

    static string FirstDifference(string dump, string file)
    {
        var (made, written) = (dump.Split('\n'), file.Split('\n'));
        var line = made.Zip(written).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {line + 1}: the migrations make '{made.ElementAtOrDefault(line)}', "
            + $"the file says '{written.ElementAtOrDefault(line)}'.";
    }

    [GeneratedRegex(
        """
        ^(--(\ (Name:|Dumped\ |PostgreSQL\ database\ dump).*)?
        |\\(un)?restrict\ .*
        |SET\ .*
        |SELECT\ pg_catalog\.set_config\(.*
        |CREATE\ SCHEMA\ public;
        |COMMENT\ ON\ SCHEMA\ public\ .*)$
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Noise();
}
