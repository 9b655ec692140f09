using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kd.Core.Files;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Training.Students;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;
using Kd.Vision.Views;

namespace Kd.Training.Tasks;

/// <summary>Runs the task predict, which classifies a folder of pictures with a student.onnx.</summary>
/// <param name="configuration">The settings.</param>
/// <param name="time">The clock.</param>
internal sealed class Prediction(RunConfiguration configuration, TimeProvider time)
{
    private const int Batch = 64;
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Classifies the pictures, and writes a CSV file and one of JSON lines to the folder predictions, in the order of the pictures' names.</summary>
    /// <returns>The result as text.</returns>
    /// <exception cref="TrainingException">No file or folder is named, or the file is not a student.onnx.</exception>
    /// <exception cref="DatasetException">There are no pictures.</exception>
    public string Execute(CancellationToken cancellation)
    {
        var run = configuration.Run;
        if (string.IsNullOrEmpty(run.Checkpoint))
            throw new TrainingException("Run:Task=predict needs Run:Checkpoint, for example runs/RUN/student.onnx.");
        if (string.IsNullOrEmpty(run.Pictures))
            throw new TrainingException("Run:Task=predict needs Run:Pictures, a folder of pictures.");
        using var student = Open(run.Checkpoint);
        var pictures = DatasetLoader.OpenPictures(run.Pictures, configuration.Dataset);
        var folder = PrivateFolder.Create(Path.Combine(run.Folder, "predictions")).FullName;
        var path = Path.Combine(folder, $"{time.GetLocalNow():yyyyMMdd-HHmmss}");
        var (corrupt, started, top) = (0, Stopwatch.GetTimestamp(), Math.Min(run.Top, student.Classes.Count));
        var rows = Predict(student, pictures, cancellation);
        AtomicFile.Write(path + ".csv", csv => AtomicFile.Write(path + ".jsonl", lines => corrupt = Write(csv, lines, rows, top)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{pictures.Count - corrupt} of {pictures.Count} pictures classified, {pictures.Count / seconds:F0} a second"
        );
        if (corrupt > 0)
            text.Append(CultureInfo.InvariantCulture, $"; {corrupt} cannot be decoded, and have the reason in their line");
        return text.Append(CultureInfo.InvariantCulture, $"\nwritten to {path}.csv and .jsonl").ToString();
    }

    private static OnnxStudent Open(string path)
    {
        try
        {
            return OnnxStudent.Open(path);
        }
        catch (TrainingException error)
        {
            throw new TrainingException($"Run:Checkpoint: {error.Message}", error);
        }
    }

    // Returns the number of corrupt pictures.
    private static int Write(Stream csv, Stream lines, IEnumerable<PredictedPicture> rows, int top)
    {
        using var table = new StreamWriter(csv, leaveOpen: true);
        using var objects = new StreamWriter(lines, leaveOpen: true);
        table.WriteLine(Header(top));
        var corrupt = 0;
        foreach (var row in rows)
        {
            corrupt += row.Error is null ? 0 : 1;
            table.WriteLine(row.ToCsv(top));
            objects.WriteLine(JsonSerializer.Serialize(row, s_json));
        }

        return corrupt;
    }

    private IEnumerable<PredictedPicture> Predict(OnnxStudent student, ImageSplit pictures, CancellationToken cancellation) =>
        Enumerable
            .Range(0, pictures.Count)
            .Chunk(Batch)
            .AsParallel()
            .AsOrdered()
            .WithDegreeOfParallelism(Environment.ProcessorCount)
            .WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .WithCancellation(cancellation)
            .SelectMany(batch => Predict(student, pictures, batch));

    private PredictedPicture[] Predict(OnnxStudent student, ImageSplit pictures, int[] batch)
    {
        var bytes = ViewRenderer.ByteCount(student.Views.Size);
        var (pixels, errors, count) = (new byte[batch.Length * bytes], new string?[batch.Length], 0);
        for (var i = 0; i < batch.Length; i++)
        {
            try
            {
                var image = pictures.Get(batch[i]).Image;
                ViewRenderer.Render(image, ViewOf(student.Views, image), pixels.AsSpan(count * bytes, bytes));
                count++;
            }
            catch (Exception error) when (error is CorruptImageException or DatasetException)
            {
                errors[i] = error.Message;
            }
        }

        var probabilities = new Queue<float[]>(count == 0 ? [] : student.Predict(pixels[..(count * bytes)]));
        return
        [
            .. batch.Select(
                (picture, i) =>
                    new PredictedPicture(pictures.NameOf(picture), errors[i] is null ? MostProbable(student.Classes, probabilities.Dequeue()) : [], errors[i])
            ),
        ];
    }

    // A student of small pictures gets larger ones resized.
    private static ViewParameters ViewOf(ViewPlanner views, RgbImage image) =>
        views.Small && (image.Width, image.Height) != (views.Size, views.Size)
            ? new ViewPlanner(views.Size, small: false, seed: 0).Evaluation(image.Width, image.Height)
            : views.Evaluation(image.Width, image.Height);

    private ClassProbability[] MostProbable(IReadOnlyList<string> classes, float[] probabilities) =>
        [
            .. probabilities
                .Index()
                .OrderByDescending(entry => entry.Item)
                .ThenBy(entry => entry.Index)
                .Take(configuration.Run.Top)
                .Select(entry => new ClassProbability(classes[entry.Index], entry.Item)),
        ];

    private static string Header(int top) =>
        string.Join(',', Enumerable.Range(1, top).SelectMany(rank => new[] { $"class_{rank}", $"probability_{rank}" }).Prepend("file").Append("error"));

    private sealed record ClassProbability(string Class, float Probability);

    private sealed record PredictedPicture(string File, ClassProbability[] Classes, string? Error)
    {
        // RFC 4180.
        public string ToCsv(int top)
        {
            var values = Classes.SelectMany(entry => new[] { entry.Class, entry.Probability.ToString("G6", CultureInfo.InvariantCulture) });
            var empty = Enumerable.Repeat("", 2 * (top - Classes.Length));
            return string.Join(',', values.Concat(empty).Prepend(File).Append(Error ?? "").Select(Quote));
        }

        private static string Quote(string value) =>
            value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
