using Deployments.Data.Matrix;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Matrix;

/// <summary>A page of the matrix as it is drawn: a row for each package, a cell for each column. Pure.</summary>
/// <param name="Columns">The columns.</param>
/// <param name="Rows">The rows.</param>
public sealed record MatrixView(IReadOnlyList<MatrixColumn> Columns, IReadOnlyList<MatrixRow> Rows)
{
    /// <summary>Puts what was read in rows and cells.</summary>
    /// <param name="page">What was read.</param>
    /// <param name="badges">What is known to be vulnerable, by version.</param>
    public static MatrixView Of(MatrixPage page, IReadOnlyDictionary<int, VersionBadge> badges)
    {
        var cells = page.Versions.ToLookup(version => (version.PackageId, version.ColumnId));
        return new MatrixView(page.Columns,
        [
            .. page.Packages.Select(package => new MatrixRow(
                package,
                [.. page.Columns.Select(column => new MatrixCell(
                    [.. cells[(package.PackageId, column.Id)].Select(version =>
                        new MatrixEntry(version, badges.GetValueOrDefault(version.VersionId)))],
                    page.Drift.GetValueOrDefault((package.PackageId, column.Id))))])),
        ]);
    }

    /// <summary>What a column is called.</summary>
    public static string NameOf(MatrixColumn column) => column.Id == 0 ? "In no group" : column.Name;
}

/// <summary>A package with its cells.</summary>
/// <param name="Package">The package.</param>
/// <param name="Cells">One for each column.</param>
public sealed record MatrixRow(MatrixPackage Package, IReadOnlyList<MatrixCell> Cells);

/// <summary>What of a package is in a column.</summary>
/// <param name="Versions">The versions, the one on the most targets first.</param>
/// <param name="Drift">On how many targets records and inventories differ.</param>
public sealed record MatrixCell(IReadOnlyList<MatrixEntry> Versions, int Drift);

/// <summary>A version in a cell.</summary>
/// <param name="Of">The version.</param>
/// <param name="Badge">What is known to be vulnerable about it; null: nothing.</param>
public sealed record MatrixEntry(MatrixVersion Of, VersionBadge? Badge);
