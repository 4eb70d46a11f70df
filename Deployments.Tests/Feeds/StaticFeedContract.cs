using System.Text;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>What feeds that are trees of static files promise besides.</summary>
public abstract class StaticFeedContract : FeedTypeContract, IDisposable
{
    protected TemporaryTree Place { get; } = new();

    /// <summary>The path of a package file that can be stored.</summary>
    protected virtual string PackagePath => Downloads[0].Path;

    /// <summary>The path of another file of the same package in the same directory.</summary>
    protected abstract string OtherVersionPath { get; }

    /// <summary>The path of an index.</summary>
    protected abstract string IndexPath { get; }

    /// <summary>Whether the type makes its index of the packages that are here, because nobody signs it.</summary>
    protected virtual bool MakesIndex => false;

    public void Dispose() => Place.Dispose();

    [Fact]
    public async Task Uploaded_files_are_served_byte_for_byte_and_packages_are_not_replaced()
    {
        foreach (var (path, second) in new[] { (PackagePath, 409), (IndexPath, 201) })
        {
            Assert.Equal(201, await StatusAsync(path, "PUT", Given.Bytes("first")));
            Assert.Equal(second, await StatusAsync(path, "PUT", Given.Bytes("second")));
            Assert.Equal(second == 201 ? "second" : "first", await ContentAsync(path));
            Assert.IsType<LocalAnswer.File>(await AskAsync(path, "HEAD"));
        }
    }

    [Fact]
    public async Task A_tree_that_was_dropped_in_is_served()
    {
        var segments = Given.Request(PackagePath).Segments;
        var file = Path.Combine([Place.Root, .. segments]);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "by hand");

        Assert.Equal("by hand", await ContentAsync(PackagePath));
    }

    [Fact]
    public async Task A_package_with_a_file_here_is_never_asked_of_a_connector()
    {
        Assert.Null(await AskAsync(OtherVersionPath));
        await StatusAsync(PackagePath, "PUT", Given.Bytes("package"));
        Assert.Equal(404, await StatusAsync(OtherVersionPath));
        if (!MakesIndex)
            Assert.Null(await AskAsync(IndexPath));
    }

    [Fact]
    public async Task Files_can_be_removed_and_directories_cannot()
    {
        await StatusAsync(PackagePath, "PUT", Given.Bytes("package"));
        var folder = PackagePath[..Math.Max(0, PackagePath.LastIndexOf('/'))];
        Assert.Equal(404, await StatusAsync(folder, "DELETE"));
        Assert.Equal(204, await StatusAsync(PackagePath, "DELETE"));
        Assert.Equal(404, await StatusAsync(PackagePath, "DELETE"));
        Assert.Null(await AskAsync(PackagePath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a%2fb")]
    public async Task A_name_that_is_no_path_is_refused(string path) =>
        Assert.Equal(400, await StatusAsync(path, "PUT", Given.Bytes("x")));

    [Fact]
    public async Task Too_long_a_name_is_refused() =>
        Assert.Equal(400, await StatusAsync($"{PackagePath}/{new string('a', 300)}", "PUT", Given.Bytes("x")));

    protected ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", byte[]? body = null) =>
        Type.AnswerAsync(Given.Request(path, method, body), Place.Tree, CancellationToken.None);

    protected async Task<int> StatusAsync(string path, string method = "GET", byte[]? body = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method, body)).Code;

    protected async Task<string> ContentAsync(string path) => await AskAsync(path) switch
    {
        LocalAnswer.File file => await File.ReadAllTextAsync(file.Path),
        LocalAnswer.Document document => Encoding.UTF8.GetString(document.Content),
        var other => throw new InvalidOperationException($"{path}: {other}"),
    };

    /// <summary>What a connector's document becomes; a sealed address reads <c>~SEALED(address)</c>.</summary>
    protected string Rewritten(string path, string document, string connector)
    {
        var context = new RewriteContext(Given.Request(path), new Uri(connector), url => $"SEALED({url})");
        return Encoding.UTF8.GetString(Type.Rewrite(Given.Bytes(document), context));
    }

    /// <summary>What a stored file's own manifest says.</summary>
    protected async Task<PackageCoordinates?> StoredPackageAsync(string path, byte[] content)
    {
        await StatusAsync(path, "PUT", content);
        return Assert.IsType<LocalAnswer.File>(await AskAsync(path)).Package;
    }
}
