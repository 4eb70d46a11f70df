using System.Net;
using System.Text;
using System.Text.Json;

namespace Deployments.Web.Feeds;

// The feed's own packages: packages/{project}/{version}/{file}; the index is made of them.
public sealed partial class PyPiFeed
{
    const string JsonPage = "application/vnd.pypi.simple.v1+json";

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (ReleaseOf(request) is var (released, version))
            return await ReleaseAsync(request, released, version, tree, ct);
        if (ProjectOf(request) is not { } project)
        {
            return await base.ReadAsync(request, tree, ct)
                ?? (TryReadDownload(request) is { Version: not "" } package
                    && HasFiles(tree, Packages, NameKey(package.Name))
                        ? new LocalAnswer.Status(404, "This feed has the project, but not this file.")
                        : null);
        }

        if (request.Segments is [Simple, var name] && tree.Find(Simple, name, "index.html") is { } page)
            return new LocalAnswer.File(page, "text/html");
        if (project.Length == 0)
            return Projects(request, tree, mayBeEmpty: false);

        var files = await FilesAsync(project, tree, ct);
        return files.Count == 0 ? null
            : WantsJson(request) ? JsonFiles(request, project, files)
            : HtmlFiles(request, project, files);
    }

    /// <inheritdoc/>
    public override ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        ValueTask.FromResult<LocalAnswer?>(ProjectOf(request) == "" ? Projects(request, tree, mayBeEmpty) : null);

    static LocalAnswer.Document? Projects(FeedRequest request, PackageTree tree, bool mayBeEmpty)
    {
        var projects = tree.Directories(Packages);
        return projects.Count == 0 && !mayBeEmpty ? null
            : WantsJson(request) ? JsonProjects(projects)
            : HtmlProjects(request, projects);
    }

    static bool WantsJson(FeedRequest request) =>
        request.Header("Accept")?.Contains(JsonPage, StringComparison.OrdinalIgnoreCase) == true;

    /// <inheritdoc/>
    /// <remarks>
    /// twine sends a form to <c>legacy/</c>; anything else sends a file to its own name, and it is filed by that.
    /// </remarks>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Method == "POST" && request.Segments is [] or ["legacy"])
            return await StoreFormAsync(request, tree, ct);
        return request.Segments is [_] or ["legacy", _]
            ? await StoreFileAsync(request.Segments[^1], request.Body, request, tree, ct)
            : await base.StoreAsync(request, tree, ct);
    }

    ValueTask<LocalAnswer> StoreFileAsync(
        string file, Stream content, FeedRequest request, PackageTree tree, CancellationToken ct) =>
        NameAndVersion(file) is var (name, version)
            ? SaveAsync(content, request, tree, ct, Packages, NameKey(name), version, file)
            : ValueTask.FromResult<LocalAnswer>(new LocalAnswer.Status(
                400, "The file's name is not one of a wheel or a source archive: name-version.tar.gz."));

    // See "Legacy API" of the Python packaging guide: the file is the part called content.
    async ValueTask<LocalAnswer> StoreFormAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (UploadForm.OfOrNull(request) is not { } form)
            return new LocalAnswer.Status(400, "Send the file as a form (multipart/form-data), as twine does.");
        try
        {
            while (await form.NextOrNullAsync(ct) is var (field, file, content))
            {
                if (field == "content")
                    return await StoreFileAsync(file, content, request, tree, ct);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return new LocalAnswer.Status(400, "The form is malformed, or ended early.");
        }

        return new LocalAnswer.Status(400, "The form has no file called 'content'.");
    }

    static async ValueTask<List<(string File, string Version, StoredFile Info)>> FilesAsync(
        string project, PackageTree tree, CancellationToken ct)
    {
        var files = new List<(string, string, StoredFile)>();
        foreach (var version in tree.Directories(Packages, project))
        {
            foreach (var file in tree.Files(Packages, project, version))
            {
                if (Extensions.Any(extension => IsFile(file, extension))
                    && await tree.InfoAsync(ct, Packages, project, version, file) is { } info)
                    files.Add((file, version, info));
            }
        }

        return files;
    }

    static LocalAnswer.Document HtmlProjects(FeedRequest request, IReadOnlyList<string> projects) => Html(
        "Projects", projects.Select(project => (request.UrlOf(Simple, project).AbsoluteUri + "/", project)));

    static LocalAnswer.Document HtmlFiles(
        FeedRequest request, string project, List<(string File, string Version, StoredFile Info)> files) => Html(
        project, files.Select(file => (
            $"{request.UrlOf(Packages, project, file.Version, file.File)}#sha256={file.Info.Sha256}", file.File)));

    static LocalAnswer.Document Html(string title, IEnumerable<(string Url, string Text)> links)
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"pypi:repository-version\" content=\"1.0\"><title>")
            .Append(WebUtility.HtmlEncode(title)).Append("</title></head><body>\n");
        foreach (var (url, text) in links)
        {
            page.Append("<a href=\"").Append(WebUtility.HtmlEncode(url)).Append("\">")
                .Append(WebUtility.HtmlEncode(text)).Append("</a><br>\n");
        }

        return new LocalAnswer.Document(
            Encoding.UTF8.GetBytes(page.Append("</body></html>\n").ToString()), "text/html; charset=utf-8");
    }

    static LocalAnswer.Document JsonProjects(IReadOnlyList<string> projects) => new(
        JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["meta"] = new Dictionary<string, string> { ["api-version"] = "1.0" },
            ["projects"] = projects.Select(project => new { name = project }),
        }),
        JsonPage);

    static LocalAnswer.Document JsonFiles(
        FeedRequest request, string project, List<(string File, string Version, StoredFile Info)> files) => new(
        JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["meta"] = new Dictionary<string, string> { ["api-version"] = "1.0" },
            ["name"] = project,
            ["files"] = files.Select(file => new
            {
                filename = file.File,
                url = request.UrlOf(Packages, project, file.Version, file.File).AbsoluteUri,
                hashes = new { sha256 = file.Info.Sha256 },
                size = file.Info.Size,
            }),
        }),
        JsonPage);
}
