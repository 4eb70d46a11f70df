using Deployments.Data.Database;

namespace Deployments.Data.Matrix;

/// <summary>Which packages and which targets the matrix is of.</summary>
public sealed record MatrixFilter
{
    /// <summary>The most packages of a page.</summary>
    public const int LimitMax = 500;

    /// <summary>The most targets that are columns.</summary>
    public const int TargetsMax = 50;

    /// <summary>Part of a package's group or name, in any case; null: all.</summary>
    public string? Package { get; init; }

    /// <summary>Package URL type; null: all.</summary>
    public string? Type { get; init; }

    /// <summary>
    /// The group whose targets are the columns, in any case; <see cref="TargetGroupSql.None"/>: those in none; null: a
    /// column for each group.
    /// </summary>
    public string? TargetGroup { get; init; }

    /// <summary>
    /// Whether targets are the columns though no group is named, which they are, too, where there are no groups.
    /// </summary>
    public bool IsByTarget { get; init; }

    /// <summary>What ran at this time; null: what runs now.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The last package of the page before; null: the first page.</summary>
    public int? After { get; init; }

    /// <summary>At most this many packages, 1 to <see cref="LimitMax"/>.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>A column: a group, or a target.</summary>
/// <param name="Id">Its id; 0: the targets that are in no group.</param>
/// <param name="Name">Its name; empty for the targets in no group.</param>
public sealed record MatrixColumn(int Id, string Name);

/// <summary>A package in the matrix.</summary>
public sealed record MatrixPackage
{
    /// <summary>Its id.</summary>
    public int PackageId { get; init; }

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Its group; empty when it has none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>A feed that it came through, of those that the reader sees; null: of that none is left.</summary>
    public string? Feed { get; init; }
}

/// <summary>A version of a package in one column.</summary>
public sealed record MatrixVersion
{
    /// <summary>The package.</summary>
    public int PackageId { get; init; }

    /// <summary>The column.</summary>
    public int ColumnId { get; init; }

    /// <summary>The version in the database.</summary>
    public int VersionId { get; init; }

    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells its files apart; mostly empty.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>On how many targets.</summary>
    public int Targets { get; init; }

    /// <summary>When the first of them got it.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When the last of them got it.</summary>
    public DateTimeOffset Last { get; init; }

    /// <summary>
    /// How many newer versions are known, up to the newest in the row; 0: it is that. Null: it cannot be compared.
    /// </summary>
    public int? Behind { get; init; }
}

/// <summary>A page of the matrix.</summary>
/// <param name="Columns">The columns in their order.</param>
/// <param name="Packages">The rows by name.</param>
/// <param name="Versions">What is in the cells: those with the most targets of a cell first.</param>
/// <param name="Drift">On how many targets records and inventories differ, by package and column; of now only.</param>
/// <param name="Next">Behind which package the next page begins; null on the last.</param>
/// <param name="IsByTarget">Whether the columns are targets; else they are groups.</param>
/// <param name="HasMoreTargets">Whether there are more targets than columns.</param>
public sealed record MatrixPage(
    IReadOnlyList<MatrixColumn> Columns, IReadOnlyList<MatrixPackage> Packages,
    IReadOnlyList<MatrixVersion> Versions, IReadOnlyDictionary<(int PackageId, int ColumnId), int> Drift, int? Next,
    bool IsByTarget, bool HasMoreTargets);
